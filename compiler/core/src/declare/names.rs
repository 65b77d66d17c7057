//! Names of the language for names of servers.

use std::collections::BTreeSet;

/// Every name that the prelude gives to values and types.
pub(super) fn prelude() -> BTreeSet<String> {
    let file = flow_grammar::parse(flow_stdlib::PRELUDE).file;
    let names = file.items.iter().filter_map(|item| item.kind.name());
    let names = names.map(|name| name.text.to_string());
    let functions = crate::vocabulary::functions().iter().chain(&["sleep", "tell"]);
    names.chain(functions.map(|name| (*name).to_owned())).collect()
}

/// `create-task` and `createTask` as `create_task`; with the server's name in front where that is taken or no name.
pub(super) fn callable(server: &str, wire: &str, taken: &mut BTreeSet<String>) -> String {
    let short = snake(wire);
    let fits = |name: &str| is_word(name) && !taken.contains(name);
    let name = if fits(&short) { short } else { numbered(&snake(&format!("{server}_{wire}")), taken, "_") };
    taken.insert(name.clone());
    name
}

/// The name of a field or parameter.
pub(super) fn value(wire: &str) -> String {
    let name = snake(wire);
    if is_field(&name) { name } else { format!("{name}_") }
}

/// `create_task` as `CreateTask`.
pub(super) fn upper(name: &str) -> String {
    let words = snake(name);
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    words.split('_').map(capital).collect()
}

/// A name of a type that nothing else has.
pub(super) fn ty(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let name = numbered(wanted, taken, "");
    taken.insert(name.clone());
    name
}

fn numbered(name: &str, taken: &BTreeSet<String>, between: &str) -> String {
    let mut names =
        std::iter::once(name.to_owned()).chain((2..).map(|number: u32| format!("{name}{between}{number}")));
    names.find(|name| !taken.contains(name)).unwrap_or_else(|| name.to_owned())
}

/// Small letters, digits and `_`, with a letter first.
fn snake(wire: &str) -> String {
    let mut out = String::new();
    let mut was_small = false;
    for c in wire.chars() {
        if c.is_ascii_uppercase() && was_small {
            out.push('_');
        }
        match c.is_ascii_alphanumeric() {
            true => out.push(c.to_ascii_lowercase()),
            false if !out.is_empty() && !out.ends_with('_') => out.push('_'),
            false => {}
        }
        was_small = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    let out = out.trim_end_matches('_');
    if out.starts_with(|c: char| c.is_ascii_lowercase()) { out.to_owned() } else { format!("x{out}") }
}

/// Whether a callable may have this name.
fn is_word(name: &str) -> bool {
    parses(&format!("fn {name}(a: int): int = a\n"))
}

fn is_field(name: &str) -> bool {
    parses(&format!("tool f({name}: int): int = mcp(\"a\", \"b\")\n"))
}

fn parses(text: &str) -> bool {
    flow_grammar::parse(text).errors.is_empty()
}
