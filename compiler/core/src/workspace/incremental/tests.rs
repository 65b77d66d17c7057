//! Random edits: what is remembered must give what a look at everything gives.

use super::*;

/// A package whose files import each other in a chain, a diamond, and (after some edits) in circles.
const FILES: [(&str, &str); 7] = [
    (
        "kinds",
        "pub enum Kind { Ask(topic: text in 1..200)  Spam  Order(amount: money) }\n\
         /// A mail.\npub type Mail { id: trusted text in 1..80  body: text in ..300 tokens }\n",
    ),
    (
        "models",
        "pub model fast = openai(\"gpt-5-mini\") {\n  can: [Json]\n  context: 128k tokens\n  output: 1k tokens\n}\n",
    ),
    (
        "prompts",
        "import kinds.{Mail, Kind}\n\npub type Sorted { kind: Kind  note: text in ..80 tokens }\n\n\
         pub prompt sort_it(mail: Mail): Sorted { user: \"{{mail.body}}\" }\n",
    ),
    (
        "tools",
        "import kinds.{Mail}\n\npub tool look(topic: text): text? = http.get(\"https://x.test/{{topic}}\") { effect: Read }\n\
         pub tool save(topic: text): text = http.post(\"https://x.test/s\") { effect: Write }\n\
         fn short(mail: Mail): text = mail.body.cut(9)\n",
    ),
    (
        "inner",
        "import prompts.{sort_it, Sorted}\nimport kinds.{Mail}\nimport models.{fast}\n\n\
         pub flow sorted(mail: Mail): Sorted? {\n  -> sort\n  -> return none on Error\n\n\
         node sort = sort_it(mail) using fast\n    -> return none when sort.kind is Spam\n    -> return sort\n}\n",
    ),
    (
        "main",
        "import inner.{sorted}\nimport kinds.{Mail}\nimport tools.{look, save}\n\npub flow go(mail: Mail): text? {\n\
         -> sort\n  -> return none on Error\n\n  node sort = sorted(mail)\n    -> find(sort.kind.topic) when sort is not none and sort.kind is Ask\n\
         -> return none\n\n  node find(topic: text) = look(topic)\n    -> return find\n}\n\n\
         on http.post(\"/m\", key: event.id) -> go(event)\n\n\
         // flow:allow unused-parameter \"the caller passes it\"\nfn f(mail: Mail): int = 1\n",
    ),
    (
        "spare",
        "import std/models.{gpt_5_mini}\nimport prompts\n\nfn twice(x: int): int = x * 2\n\
         flow more(mail: Mail): text {\n  -> return \"x\"\n}\n",
    ),
];

/// What people and half-finished typing leave behind.
const PASTED: [&str; 28] = [
    "import main.{go}\n",
    "import inner.{sorted}\n",
    "import kinds\n",
    "import nowhere.{thing}\n",
    "import kinds.{Kind, Mail}\n",
    "pub fn extra(x: int): int = extra2(x)\n",
    "pub fn extra2(x: int): int = extra(x)\n",
    "pub flow loop_(mail: Mail): text? {\n  -> a\n  node a = go(mail)\n    -> return a\n}\n",
    "pub type Tree { left: Branch? }\n",
    "pub type Branch { tree: Tree? }\n",
    "fn g(): Kind = Spam\n",
    "fn h(): bool = Spm\n",
    "\nenum Other { Spam  Ham }\n",
    "pub ",
    "\"\"\"",
    "\"",
    "{{",
    "}",
    "{",
    "(",
    "-> ",
    "node x = ",
    " when ",
    " max 2",
    "// flow:allow unused-import \"why not\"\n",
    "trusted ",
    "\n",
    "ä𝄞",
];

/// Small and seeded: the same edits on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let at = self.below(list.len());
        &list[at]
    }

    /// A place between two characters.
    fn place(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    }
}

struct Desk {
    workspace: Workspace,
    texts: BTreeMap<&'static str, String>,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self { workspace: Workspace::default(), texts: BTreeMap::new() };
        FILES.iter().for_each(|(name, text)| desk.write(name, (*text).to_owned()));
        desk
    }

    fn write(&mut self, name: &'static str, text: String) {
        self.workspace.set_file(&format!("{name}.flow"), &[name.to_owned()], &text);
        self.texts.insert(name, text);
    }

    fn edit(&mut self, random: &mut Random) -> String {
        let (name, original) = *random.pick(&FILES);
        let Some(text) = self.texts.get(name).cloned() else {
            self.write(name, original.to_owned());
            return format!("{name} is back");
        };
        let (a, b) = (random.place(&text), random.place(&text));
        let (start, end) = (a.min(b), a.max(b));
        match random.below(10) {
            0 => {
                self.texts.remove(name);
                self.workspace.remove_file(&format!("{name}.flow"));
                return format!("{name} is gone");
            }
            1..=2 => self.write(name, original.to_owned()),
            3 => self.write(name, format!("{}{}", &text[..start], &text[end..])),
            4 => {
                let end =
                    (start..=text.len()).nth(3).filter(|at| text.is_char_boundary(*at)).unwrap_or(start);
                self.write(name, format!("{}{}", &text[..start], &text[end..]));
            }
            5 => {
                let other = random.pick(&FILES).1;
                let (a, b) = (random.place(other), random.place(other));
                let half = &other[a.min(b)..a.max(b)];
                self.write(name, format!("{}{half}{}", &text[..start], &text[start..]));
            }
            6..=7 => self.write(name, format!("{}{text}", random.pick(&PASTED))),
            _ => self.write(name, format!("{}{}{}", &text[..start], random.pick(&PASTED), &text[start..])),
        }
        format!("{name} is\n{}", self.texts[name])
    }

    fn compare(&mut self, after: &str) {
        let warm = self.workspace.diagnose();
        let cold = self.workspace.check();
        let shown = |sources: &SourceMap, list: &[Diagnostic]| -> Vec<String> {
            let line = |found: &Diagnostic| {
                let at = sources.line_column(found.primary.span);
                let path = sources.get(found.primary.span.file).map_or("", |file| &file.path);
                format!("{path}:{}:{}: {} {found:?}", at.line, at.column, found.code.number)
            };
            list.iter().map(line).collect()
        };
        let (warm, cold) = (shown(&warm.sources, &warm.diagnostics), shown(&cold.sources, &cold.diagnostics));
        let extra: Vec<_> = warm.iter().filter(|line| !cold.contains(line)).collect();
        let lost: Vec<_> = cold.iter().filter(|line| !warm.contains(line)).collect();
        assert!(warm == cold, "after {after}\nonly remembered: {extra:#?}\nonly looked up: {lost:#?}");
    }
}

#[test]
fn remembering_changes_nothing_that_is_said() {
    let rounds = std::env::var("FLOWC_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    for seed in 0..rounds {
        let mut random = Random(seed);
        let mut desk = Desk::new();
        desk.compare("nothing");
        for step in 0..25 {
            let done = desk.edit(&mut random);
            desk.compare(&format!("seed {seed}, step {step}: {done}"));
        }
    }
}

#[test]
fn an_edit_inside_a_test_looks_at_one_file_only() {
    let mut desk = Desk::new();
    desk.workspace.diagnose();
    let before = desk.workspace.memory.interfaces;
    let text = format!("{}\n// a comment\ntest \"x\" {{\n}}\n", FILES[0].1);
    desk.write("kinds", text);
    assert_eq!(desk.workspace.memory.interfaces, before);
    desk.write("kinds", FILES[0].1.replace("Spam", "Junk"));
    assert!(desk.workspace.memory.interfaces > before);
}

#[test]
fn types_are_told_by_place() {
    let desk = Desk::new();
    let analysis = desk.workspace.analyze("main.flow").expect("the file is there");
    let text = &desk.texts["main"];
    let at = |needle: &str, length: usize| {
        let start = u32::try_from(text.find(needle).expect(needle)).expect("short");
        flow_grammar::Span::new(start, start + u32::try_from(length).expect("short"))
    };
    let told = |span| analysis.knowledge.type_at(span).map(crate::Type::text);
    assert_eq!(told(at("sort.kind.topic", 4)).as_deref(), Some("Sorted"));
    assert_eq!(told(at("sort.kind.topic", 9)).as_deref(), Some("Kind"));
    assert_eq!(told(at("sort = sorted", 4)).as_deref(), Some("Sorted?"));
    assert_eq!(
        analysis.knowledge.declared_at(at("sort.kind.topic", 4)).map(crate::Type::text).as_deref(),
        Some("Sorted?")
    );
}
