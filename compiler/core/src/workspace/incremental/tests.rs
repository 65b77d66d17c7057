//! Random edits: what is remembered must give what a look at everything gives.

use std::collections::BTreeMap;

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

/// A package whose flows tell each other about labels: by calls, by what they return, through resources that feed
/// each other in a circle, and by whom they ask for approval.
const TRUST: [(&str, &str); 8] = [
    (
        "clients",
        "pub type Client { name: pii text in 1..80  key: secret text in ..80  city: text in ..80 }\n\
         pub enum Verdict { Approve  Reject }\n\
         pub enum Mood { Glad  Cross }\n",
    ),
    (
        "world",
        "import clients.{Verdict}\n\n\
         pub tool abroad(line: text): text = http.post(\"https://x.test/a\") { effect: Write  timeout: 3s  region: \"us\" }\n\
         pub tool home(line: text): text = http.post(\"https://x.test/h\") { effect: Write  timeout: 3s  region: \"eu\" }\n\
         pub tool send(line: text): text = http.post(\"https://x.test/s\") { effect: Sensitive  timeout: 3s }\n\
         pub human review(line: text): Verdict { role: agent  title: \"?\"  approves: [Approve] }\n\
         pub human other(line: text): Verdict { role: guest  title: \"?\"  approves: [Reject] }\n\
         pub check short(line: text): trusted text { need line.length < 9 else \"long\" }\n",
    ),
    (
        "stores",
        "import clients.{Client}\n\npub resource lines: Queue(text)\npub resource more: Queue(text)\n\
         pub resource kept: Queue(Client)\n\
         pub fn shown(client: Client): text = \"{{client.city}}!\"\n",
    ),
    (
        "inner",
        "import world.{abroad, home}\n\npub flow framed(line: text, city: text): text {\n  -> out\n\n  node out = home(\"{{line}} in {{city}}\")\n    -> return \"{{out}} {{line}}\"\n}\n\n\
         pub flow told(line: text): text {\n  -> out\n\n  node out = abroad(line)\n    -> return out\n}\n",
    ),
    (
        "asked",
        "import clients.{Verdict}\nimport world.{review, other}\n\npub flow asked(line: text): text {\n  -> ask\n\n  node ask = review(line) within 2h\n    -> return line when ask is Approve\n    -> fail \"no\" when ask is Reject\n    -> fail \"late\" on Expired\n}\n",
    ),
    (
        "drain",
        "import stores.{lines, more}\nimport world.{abroad, home}\n\npub flow forth(): text {\n  -> next\n\n  node next = lines.take(5)\n    -> put\n\n  node put = more.add(next.join(\", \"))\n    -> return \"x\"\n}\n\n\
         pub flow back(): text {\n  -> next\n\n  node next = more.take(5)\n    -> put\n\n  node put = lines.add(next.join(\", \"))\n    -> out\n\n  node out = home(next.join(\", \"))\n    -> return out\n}\n",
    ),
    (
        "front",
        "import clients.{Client}\nimport inner.{framed, told}\nimport stores.{lines, shown}\nimport asked.{asked}\nimport world.{send}\n\n\
         pub flow greet(client: Client): text {\n  -> frame\n\n  node frame = framed(client.city, client.name)\n    -> tell\n\n  node tell = told(shown(client))\n    -> keep\n\n  node keep = lines.add(client.city)\n    -> return frame\n}\n\n\
         pub flow pay(client: Client): text {\n  -> agree\n\n  node agree = asked(client.city)\n    -> go\n\n  node go = send(agree)\n    -> return go\n}\n",
    ),
    (
        "side",
        "import clients.{Client}\nimport inner.{told}\nimport stores.{kept, lines, more}\n\npub flow aside(name: pii text, key: text): text {\n  -> tell\n\n  node tell = told(key)\n    -> keep\n\n  node keep = more.add(key)\n    -> return tell\n}\n\n\
         pub flow asleep(): text {\n  -> some\n\n  node some = kept.take(3)\n    -> return \"{{some.length}}\"\n}\n\non lines -> told(event)\n",
    ),
];

const MANIFEST: &str = "[package]\nname = \"shop\"\nflow = \"0.1\"\n\n[roles]\nagent = { sees = [\"pii\"], trusted = true }\nguest = {}\n\n\
                        [labels.pii]\nregions = [\"eu\"]\n";

/// Words that mean something else to those who ask whom a value is trusted by, and that leave the rest as it is.
const SWAPPED: [(&str, &str); 25] = [
    ("client.city", "client.name"),
    ("client.city", "client.key"),
    ("client.name", "client.city"),
    ("client.name", "client.key"),
    ("client.key", "client.city"),
    ("pii text", "text"),
    ("secret text", "text"),
    (" text in", " pii text in"),
    (" text in", " secret text in"),
    ("(key: text", "(key: pii text"),
    ("key: text)", "key: secret text)"),
    ("abroad(", "home("),
    ("home(", "abroad("),
    ("lines.add", "more.add"),
    ("more.add", "lines.add"),
    ("lines.take", "more.take"),
    ("more.take", "lines.take"),
    ("[Approve]", "[Reject]"),
    ("[Reject]", "[Approve]"),
    ("role: agent", "role: guest"),
    ("effect: Write", "effect: Sensitive"),
    ("fail \"no\"", "return line"),
    ("return line when ask is Approve", "return line"),
    ("send(agree)", "send(client.name)"),
    ("told(key)", "told(name)"),
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
    files: &'static [(&'static str, &'static str)],
    workspace: Workspace,
    texts: BTreeMap<&'static str, String>,
}

impl Desk {
    fn new() -> Self {
        Self::of(&FILES)
    }

    fn of(files: &'static [(&'static str, &'static str)]) -> Self {
        let mut desk = Self { files, workspace: Workspace::default(), texts: BTreeMap::new() };
        files.iter().for_each(|(name, text)| desk.write(name, (*text).to_owned()));
        desk
    }

    /// A package that is told what regions and roles there are.
    fn of_trust() -> Self {
        let mut desk = Self::of(&TRUST);
        desk.workspace.set_manifest(Some(("flow.toml".to_owned(), MANIFEST.to_owned())));
        desk
    }

    /// Changes what one word means to trust; sometimes a file becomes what it was, or is moved down by a comment.
    fn swap(&mut self, random: &mut Random) -> String {
        let (name, original) = *random.pick(self.files);
        let text = self.texts.get(name).cloned().unwrap_or_default();
        let (from, to) = *random.pick(&SWAPPED);
        let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
        match random.below(12) {
            0 => self.write(name, original.to_owned()),
            1 => self.write(name, format!("// more\n{text}")),
            _ if places.is_empty() => return self.swap(random),
            _ => {
                let at = *random.pick(&places);
                self.write(name, format!("{}{to}{}", &text[..at], &text[at + from.len()..]));
            }
        }
        format!("{from} -> {to}: {name} is\n{}", self.texts[name])
    }

    fn write(&mut self, name: &'static str, text: String) {
        self.workspace.set_file(&format!("{name}.flow"), &[name.to_owned()], &text);
        self.texts.insert(name, text);
    }

    fn edit(&mut self, random: &mut Random) -> String {
        let (name, original) = *random.pick(self.files);
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
                let other = random.pick(self.files).1;
                let (a, b) = (random.place(other), random.place(other));
                let half = &other[a.min(b)..a.max(b)];
                self.write(name, format!("{}{half}{}", &text[..start], &text[start..]));
            }
            6..=7 => self.write(name, format!("{}{text}", random.pick(&PASTED))),
            _ => self.write(name, format!("{}{}{}", &text[..start], random.pick(&PASTED), &text[start..])),
        }
        format!("{name} is\n{}", self.texts[name])
    }

    /// Begins to look, and is told to stop; or looks at one file first.
    fn look_away(&mut self, random: &mut Random) {
        let left = std::cell::Cell::new(random.below(4));
        let stop = || {
            let is_over = left.get() == 0;
            left.set(left.get().saturating_sub(1));
            is_over
        };
        match random.below(3) {
            0 => drop(self.workspace.diagnose_unless(&stop)),
            1 => drop(self.workspace.diagnose_first(&format!("{}.flow", random.pick(self.files).0))),
            _ => {}
        }
    }

    /// Gives the codes of what is said.
    fn compare(&mut self, after: &str) -> Vec<&'static str> {
        let warm = self.workspace.diagnose();
        let cold = self.workspace.check();
        let shown = |sources: &SourceMap, list: &[Diagnostic]| -> Vec<String> {
            let line = |found: &Diagnostic| {
                let at = sources.line_column(found.primary.span);
                let path = sources.get(found.primary.span.file).map_or("", |file| file.path.as_str());
                // Ids of what stands behind the package's own files count otherwise.
                let whole = match path {
                    "flow.lock" => found.message.clone(),
                    _ => format!("{found:?}"),
                };
                format!("{path}:{}:{}: {} {whole}", at.line, at.column, found.code.number)
            };
            list.iter().map(line).collect()
        };
        let codes = cold.diagnostics.iter().map(|found| found.code.number).collect();
        let (warm, cold) = (shown(&warm.sources, &warm.diagnostics), shown(&cold.sources, &cold.diagnostics));
        let extra: Vec<_> = warm.iter().filter(|line| !cold.contains(line)).collect();
        let lost: Vec<_> = cold.iter().filter(|line| !warm.contains(line)).collect();
        assert!(warm == cold, "after {after}\nonly remembered: {extra:#?}\nonly looked up: {lost:#?}");
        codes
    }
}

#[test]
fn remembering_changes_nothing_that_is_said() {
    for seed in 0..rounds() {
        let mut random = Random(seed);
        let mut desk = if seed % 4 == 3 { Desk::of_trust() } else { Desk::new() };
        desk.compare("nothing");
        for step in 0..25 {
            let done = desk.edit(&mut random);
            desk.look_away(&mut random);
            desk.compare(&format!("seed {seed}, step {step}: {done}"));
        }
    }
}

/// How many packages are edited.
fn rounds() -> u64 {
    std::env::var("FLOWC_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

#[test]
fn what_files_tell_each_other_about_labels_is_remembered_as_it_is_found() {
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..rounds() / 4 {
        let mut random = Random(seed ^ 0x5EED);
        let mut desk = Desk::of_trust();
        desk.compare("nothing");
        for step in 0..25 {
            let done = desk.swap(&mut random);
            let codes = desk.compare(&format!("seed {seed}, step {step}: {done}"));
            codes.into_iter().for_each(|code| *said.entry(code).or_default() += 1);
        }
    }
    for code in ["FL0701", "FL0702", "FL0704", "FL0705"] {
        assert!(said.get(code).is_some_and(|times| *times > 4), "{code} is hardly ever said: {said:?}");
    }
}

/// A package with something to lock.
const LOCKED: [(&str, &str); 3] = [
    (
        "prompts",
        "/// Says hello.\npub prompt hello(name: text in ..80): text in ..80 tokens {\n  version: \"1\"\n  output: 80 tokens\n  user: \"Say hello to {{name}}\"\n}\n",
    ),
    ("more", "import prompts.{hello}\n\npub fn half(x: float): float = x / 2\n"),
    ("main", "import more.{half}\n\nfn quarter(x: float): float = half(x) / 2\n"),
];

#[test]
fn a_lock_is_compared_as_it_is_with_everything() {
    let prompts = LOCKED[0].1.to_owned();
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..rounds() / 4 {
        let mut random = Random(seed ^ 0x10C);
        let mut desk = Desk::of(&LOCKED);
        let lock = desk.workspace.check().output.expect("nothing is wrong").lock.to_text();
        let other = lock.replace("version = 1\n", "version = 2\n");
        desk.workspace.set_lock(Some(("flow.lock".to_owned(), lock.clone())));
        assert!(!desk.compare("the lock").contains(&"FL0515"));
        for step in 0..12 {
            let done = match random.below(6) {
                0 => {
                    desk.write("prompts", prompts.replace("Say hello", "Shout"));
                    "another text".to_owned()
                }
                1 => {
                    desk.write("prompts", prompts.clone());
                    "the text again".to_owned()
                }
                2 => {
                    let lock = random.pick(&[None, Some(&lock), Some(&other)]).cloned();
                    desk.workspace.set_lock(lock.map(|text| ("flow.lock".to_owned(), text)));
                    "another lock".to_owned()
                }
                _ => desk.edit(&mut random),
            };
            desk.look_away(&mut random);
            let codes = desk.compare(&format!("seed {seed}, step {step}: {done}"));
            codes.into_iter().for_each(|code| *said.entry(code).or_default() += 1);
        }
    }
    assert!(["FL0515", "FL0805"].iter().all(|code| said.contains_key(code)), "{said:?}");
}

#[test]
fn what_a_mistake_hides_of_other_files_is_said_when_it_is_gone() {
    let mut desk = Desk::new();
    // All files are looked at together, and one of them is wrong.
    desk.write("spare", "fn twice(x: int): int = y\n".to_owned());
    desk.compare("a mistake");
    desk.write("spare", "fn twice(x: int): int = x\n".to_owned());
    desk.compare("no mistake");
    let looks = desk.workspace.memory.looks;
    desk.write("spare", "fn twice(x: int): int = y\n".to_owned());
    desk.compare("a mistake again");
    assert_eq!(desk.workspace.memory.looks, looks + 1, "the others do not see it");
}

#[test]
fn a_label_that_is_taken_away_does_not_live_on_in_a_circle() {
    let mut desk = Desk::of_trust();
    desk.write("side", TRUST[7].1.replace("more.add(key)", "more.add(\"x\")"));
    let quiet = desk.compare("no secret");
    assert!(quiet.iter().all(|code| *code > "FL0019"), "{quiet:?}");
    let front = TRUST[6].1;
    desk.write("front", front.replace("lines.add(client.city)", "lines.add(client.key)"));
    let secret = desk.compare("a secret in the circle");
    let leaks = |codes: &[&str]| codes.iter().filter(|code| **code == "FL0705").count();
    assert!(leaks(&secret) > leaks(&quiet) + 1, "{secret:?}");
    desk.write("front", front.to_owned());
    assert_eq!(desk.compare("no secret any more"), quiet);
}

#[test]
fn an_edit_that_tells_others_nothing_new_asks_nobody_else() {
    let mut desk = Desk::of_trust();
    desk.workspace.diagnose();
    let front = TRUST[6].1;
    desk.write("front", front.replace("lines.add(client.city)", "lines.add(\"x\")"));
    desk.workspace.diagnose();
    let looks = desk.workspace.memory.looks;
    desk.write("front", front.to_owned());
    desk.workspace.diagnose();
    assert_eq!(desk.workspace.memory.looks, looks + 1, "only the edited file is looked at");
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
