//! One mistake gives one error, in the right place, and costs nothing but itself.

#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

use flow_grammar::ast::{ExprKind, ItemKind, Target, Work};
use flow_grammar::{SyntaxErrorKind, parse};

/// `line:column text: what` of each error, and the text after its fix.
fn report(source: &str) -> String {
    let mut out = String::new();
    for error in parse(source).errors {
        let start = error.span.start as usize;
        let before = source.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = start - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        let text = source.get(error.span.range()).unwrap_or_default();
        let what = match &error.kind {
            SyntaxErrorKind::Unexpected { found, expected, context } => {
                format!("in {context}: {found}, wanted {}", expected.join(" or "))
            }
            other => format!("{other:?}"),
        };
        let fix = error.fix.map_or_else(String::new, |fix| {
            format!(" [fix {:?} -> {:?}]", source.get(fix.span.range()).unwrap_or_default(), fix.text)
        });
        out.push_str(&format!("{line}:{column} {text:?} {what}{fix}\n"));
    }
    out
}

/// Each text is followed by what is said about it.
#[test]
fn each_mistake_is_one_error() {
    let texts = [
        "type A {\n  a: text,\n  b: int\n}",
        "type A { a: text; b: int }",
        "type A {\n  a = text\n}",
        "type A {\n  a text\n  b: int\n}",
        "type A {\n  a: list(text\n  b: int\n}",
        "type A {\n  a:\n  b: int\n}",
        "type a {\n  x: text\n}",
        "type A {\n  One(x: text)\n  Two\n}",
        "enum A {\n  one: text\n}",
        "enum A tga \"kind\" {\n  B\n}",
        "flwo f() {\n  -> x\n}",
        "struct A {\n  a: text\n}",
        "model m = openai(\"x\") {\n  timeout: 8 seconds\n  retry: 1\n}",
        "model m = openai(\"x\") {\n  timeout = 3s\n}",
        "model m = openai(\"x\") {\n  retry:\n  timeout: 3s\n}",
        "model m = openai(\"x\") {\n  region: \"eu\n  retry: 1\n}",
        "model m = openai(\"x\") {\n  region: 'eu'\n}",
        "model m = openai(\"x\" {\n  retry: 1\n}",
        "tool t(a: text) text = http.get(\"x\")",
        "prompt p(a: text): text {\n  user: \"{{a\"\n  output: 3\n}",
        "prompt p(a: text): text {\n  user: \"\"\"\n    {{each x in a}}\n  \"\"\"\n}",
        "prompt p(a: text): text {\n  user: \"\\q\"\n}",
        "prompt p(a: text): text {\n  user: \"\"\"\n    open\n  output: 3\n}\n\nfn f(): int = 1",
        "flow f() -> text {\n  -> x\n}",
        "flow f() {\n  -> x if a\n}",
        "flow f() {\n  -> x when a && b\n}",
        "flow f() {\n  -> x when a = b\n}",
        "flow f() {\n  -> x when\n  -> y\n}",
        "flow f() {\n  => x\n}",
        "flow f() {\n  → x\n}",
        "flow f() {\n  ->\n\n  node a = b()\n    -> return\n}",
        "flow f() {\n  -> a\n\n  node a = b(\n    -> return\n}",
        "flow f() {\n  -> a\n\n  node a = b(x))\n    -> return\n}",
        "flow f() {\n  -> a\n\n  node = b()\n    -> return\n}",
        "flow f() {\n  -> a\n\n  node a = b() using\n    -> return\n}",
        "flow f() {\n  -> a\n\n  node a = b(1 2)\n    -> return\n}",
        "flow f() {\n  -> a\n\n  node a = b()\n    return 1\n}",
        "flow f() {\n  -> a on error\n}",
        "flow f() {\n  -> a max two\n}",
        "flow f() {\n  -> a\n",
        "flow f(a: , b: text) {\n  -> a\n}",
        "fn f(a: int): int =\n  a +\n\nfn g(): int = 1",
        "fn f(größe: int): int = 1",
        "fn f(): int = 1e5",
        "fn f(): int = 0.1234567",
        "# a comment\nfn f(): int = 1",
        "/* a comment */\nfn f(): int = 1",
        "import shop/models.{fast, careful",
        "test \"t\" {\n  given a =\n  when f()\n  need x is\n}",
        "on http.post(\"/x\")",
        "split s(t: T): U {\n  95: a(t)\n  5%: b(t)\n}",
    ];
    let said: Vec<String> = texts.iter().map(|text| format!("{text}\n----\n{}", report(text))).collect();
    insta::assert_snapshot!(said.join("\n========\n"));
    let many: Vec<&str> = texts
        .iter()
        .copied()
        .filter(|text| parse(text).errors.len() != 1 && !text.starts_with("test"))
        .collect();
    assert_eq!(many, Vec::<&str>::new(), "one mistake, one error");
}

#[test]
fn a_broken_member_leaves_the_others_and_its_own_name() {
    let source = "flow f(mail: Mail): Out {\n  -> sort\n  -> x y z on Error\n\n  node sort = triage(mail mail)\n    \
                  -> send(1) when sort is A\n    -> stop max\n\n  node send(a: int) = b(a)\n    -> return a\n}";
    let parsed = parse(source);
    assert_eq!(parsed.errors.len(), 3, "{:?}", parsed.errors);
    let Some(ItemKind::Flow(flow)) = parsed.file.items.first().map(|item| &item.kind) else {
        panic!("no flow")
    };
    assert_eq!(flow.entry.len(), 2);
    let names: Vec<&str> = flow.nodes.iter().map(|node| node.name.text.as_str()).collect();
    assert_eq!(names, ["sort", "send"]);
    let sort = &flow.nodes[0];
    assert!(matches!(&sort.work, Some(Work::Call(call)) if call.expr.kind == ExprKind::Missing));
    assert_eq!(sort.edges.len(), 2);
    assert!(matches!(&sort.edges[1].target, Target::Node { name, .. } if name.text == "stop"));
    assert_eq!(flow.nodes[1].edges.len(), 1);
}
