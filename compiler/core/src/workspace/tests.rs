use super::*;

/// What most sources need; put behind the source, so that lines count from its first line.
const AROUND: &str = r#"
type Mail { id: text in 1..80  sender: text  body: text in ..300 tokens }
enum Kind { Ask(topic: text in 1..200)  Spam  Order(amount: money) }
type Sorted { kind: Kind  note: text in ..80 tokens }
enum Verdict { Yes  Edit(text: text)  No(why: text) }
enum End { Done  Gone(why: text) }
model fast = openai("gpt-5-mini") { can: [Json, Logprobs]  context: 128k tokens  output: 1k tokens }
prompt sort_it(mail: Mail): Sorted { user: "{{mail.body}}" }
prompt sure_it(mail: Mail): Sorted { confidence: Logprob(kind)  user: "{{mail.body}}" }
tool look(topic: text): text? = http.get("https://x.test/{{topic}}") { effect: Read }
tool save(topic: text): text = http.post("https://x.test/s") { effect: Write }
human judge(note: text): Verdict { role: agent  approves: [Yes, Edit] }
resource log: Topic(text)
resource box_: Events(text)
check short(t: text): text { need t.length < 9 else "long" }
"#;

fn codes(source: &str) -> Vec<String> {
    let mut text = source.trim_start_matches('\n').to_owned();
    if !source.contains("type Mail") {
        text.push('\n');
        text.push_str(&AROUND.replace("box_", "inbox"));
    }
    package(&[("main", &text)])
}

fn package(files: &[(&str, &str)]) -> Vec<String> {
    let input = PackageInput {
        manifest: None,
        files: files
            .iter()
            .map(|(name, text)| {
                let module = name.split('/').map(str::to_owned).collect();
                (format!("{name}.flow"), module, (*text).to_owned())
            })
            .collect(),
    };
    let checked = check(&input);
    let failed = checked.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(checked.output.is_none(), failed);
    checked
        .diagnostics
        .iter()
        .map(|found| {
            let line = checked.sources.line_column(found.primary.span).line;
            format!("{}:{line}", found.code.number)
        })
        .collect()
}

/// A flow around one node, so that a table row is one line.
fn node(work: &str, edges: &str) -> String {
    format!(
        "flow go(mail: Mail): End {{\n-> n\n-> return Gone(error.message) on Error\nnode n = {work}\n{edges}\n}}\n"
    )
}

#[test]
fn the_surroundings_are_fine() {
    assert_eq!(codes(""), Vec::<String>::new());
}

#[test]
fn every_code_fires_once_and_only_there() {
    let rows: &[(&str, &[&str])] = &[
        ("fn f(a: int): int = a\nfn f(a: int): int = a\n", &["FL0004:2"]),
        ("fn f(a: int): int = b\n", &["FL0005:1"]),
        ("import nowhere.{x}\n", &["FL0017:1"]),
        ("tool t(a: text): text = http.get(\"https://x\") { effect: Read  timout: 3s }\n", &["FL0021:1"]),
        ("resource r: Index(Mail)\n", &["FL0022:1"]),
        ("human h(a: text): text { role: agent  role: agent }\n", &["FL0023:1"]),
        ("tool t(a: text): text = http.get(\"https://x\") { effect: Read  timeout: 3 }\n", &["FL0024:1"]),
        ("fn f(m: Mail): int = m\n", &["FL0101:1"]),
        ("fn f(): Sorted = Sorted(note: \"x\")\n", &["FL0102:1"]),
        ("fn f(m: Mail): text = m.sendr\n", &["FL0103:1"]),
        ("fn f(a: text?): int = a.length\n", &["FL0104:1"]),
        ("fn f(s: Sorted): text = s.kind.topic\n", &["FL0105:1"]),
        ("fn f(a: int): int in 1..5 = a\n", &["FL0106:1"]),
        ("fn f(): bool = 2s < 0.01 USD\n", &["FL0107:1"]),
        ("type Tree { left: Tree? }\n", &["FL0108:1"]),
        ("fn f(s: Sorted): bool = s.kind == \"spam\"\n", &["FL0109:1"]),
        ("fn f(a: Kind, b: Kind): bool = a == b\n", &["FL0110:1"]),
        ("fn f(a: int): int = a\nfn g(): int = f(1, 2)\n", &["FL0112:2"]),
        ("fn f(a: int): int = a(1)\n", &["FL0113:1"]),
        ("fn f(a: string): int = 1\n", &["FL0114:1"]),
        ("fn f(k: Kind): int = case k { Ask => 1  Spam => 2 }\n", &["FL0115:1"]),
        ("type A = bool in 1..2\n", &["FL0116:1"]),
        ("fn f(k: Kind): bool = k is Spm\n", &["FL0117:1"]),
        ("type A = pii pii text\n", &["FL0119:1"]),
        ("fn f(a: int): int = g(a)\nfn g(a: int): int = f(a)\n", &["FL0212:2"]),
        ("prompt p(user: text): text { user: \"{{user_name}} {{user}}\" }\n", &["FL0501:1"]),
        ("prompt p(tone: text): text { user: \"hi\" }\n", &["FL0502:1"]),
        ("tool t(a: text): text = http.post(\"https://x\") { effect: Write  retry: 2 }\n", &["FL0601:1"]),
        ("tool t(a: text): text = http.post(\"https://x\")\n", &["FL0603:1"]),
        ("prompt p(a: text): text { user: \"{{a}}\"  tools: [save] }\n", &["FL0604:1"]),
        (
            "on http.post(\"/m\", key: event.sendr) -> go(event)\nflow go(mail: Mail): End {\n-> return Gone(mail.body)\n}\n",
            &["FL0806:1"],
        ),
        ("// flow:allow unused-parameter\n", &["FL0027:1"]),
        ("// flow:allow unused-parameter \"no reason\"\n", &["FL0026:1"]),
    ];
    for (source, expected) in rows {
        assert_eq!(codes(source), *expected, "{source}");
    }
}

#[test]
fn every_code_of_nodes_fires_once_and_only_there() {
    let done = "-> return Gone(mail.body) when n is none\n-> return Done";
    let rows: &[(&str, &str, &[&str])] = &[
        ("look(mail.body)", done, &[]),
        ("look(mail.body)", "-> return Gone(n)", &["FL0104:5"]),
        ("look(mail.body)", "-> return Gone(n) when n is not none\n-> return Done", &[]),
        ("sort_it(mail)", "-> return Gone(n.note)", &["FL0503:4"]),
        ("sort_it(mail) using fast", "-> return Gone(n.note)", &[]),
        ("sort_it(mail) using fats", "-> return Gone(n.note)", &["FL0005:4"]),
        ("sort_it(mial) using fast", "-> return Gone(n.note)", &["FL0005:4"]),
        ("srot_it(mail) using fast", "-> return Gone(n.note)", &["FL0005:4"]),
        ("sort_it(mail, mail) using fast", "-> return Gone(n.note)", &["FL0112:4"]),
        ("sort_it(mail.body) using fast", "-> return Gone(n.note)", &["FL0101:4"]),
        ("sort_it(mail) using fast", "-> return Gone(n.note) when n.kind is Spam\n-> return", &["FL0118:6"]),
        (
            "sort_it(mail) using fast",
            "-> return Done when n.kind is Spam and confidence(n) > 0.5\n-> return Done",
            &["FL0510:5"],
        ),
        (
            "sure_it(mail) using fast",
            "-> return Done when n.kind is Spam and confidence(n) > 0.5\n-> return Done",
            &[],
        ),
        ("sort_it(mail) using fast", "-> return Gone(n.kind.topic) when n.kind is Ask\n-> return Done", &[]),
        (
            "sort_it(mail) using fast",
            "-> return Gone(n.note) when n.note == \"spam\"\n-> return Done",
            &["FL0111:5"],
        ),
        ("sort_it(mail) using fast", "-> return Gone(n.note)\n-> return Done on Expired", &["FL0208:6"]),
        ("save(look(mail.body))", "-> return Gone(n)", &["FL0211:4"]),
        (
            "judge(mail.body)",
            "-> return Gone(n.why) when n is No\n-> return Gone(n.text) when n is Edit\n-> return Done\n-> return Done on Expired",
            &["FL0407:4"],
        ),
        (
            "judge(mail.body) within 8h",
            "-> return Gone(n.why) when n is No\n-> return Gone(n.text) when n is Edit\n-> return Done",
            &["FL0608:4"],
        ),
        (
            "judge(mail.body) within 8h",
            "-> return Gone(n.why) when n is No\n-> return Gone(n.text) when n is Edit\n-> return Done\n-> return Done on Expired",
            &[],
        ),
        ("inbox.wait(mail.id)", "-> return Gone(n)", &["FL0407:4"]),
        ("inbox.wiat(mail.id) within 1h", "-> return Gone(n)\n-> return Done on Expired", &["FL0103:4"]),
        ("short(mail.body)", "-> return Gone(n)", &["FL0608:4"]),
        ("each t in mail.body.lines { save(t) }", "-> return Gone(n.join(\", \"))", &["FL0406:4"]),
        ("each t in mail.body.lines.take(3) { save(t) }", "-> return Gone(n.join(\", \"))", &[]),
        ("log.emit(mail.body)", "-> return Done\n", &[]),
    ];
    for (work, edges, expected) in rows {
        assert_eq!(codes(&node(work, edges)), *expected, "{work} {edges}");
    }
}

#[test]
fn tests_are_checked() {
    let flow = node("sure_it(mail) using fast", "-> return Gone(n.note)");
    let rows: &[(&str, &[&str])] = &[
        ("given sure_it = Sorted(kind: Spam, note: \"x\")\nwhen go(sample(\"a\"))\nneed result is Gone", &[]),
        ("when go(sample(\"a\"))\nneed result is Gone", &["FL0902:8"]),
        (
            "given sure_it = fails(Overload)\ngiven look = none\nwhen go(sample(\"a\"))\nneed result is Gone",
            &["FL0901:9"],
        ),
        ("given sure_it = fails(Overlaod)\nwhen go(sample(\"a\"))\nneed result is Gone", &["FL0208:8"]),
        ("need true", &["FL0905:7"]),
        ("given sure_it = raw(\"{}\")\nwhen go(sample(\"a\"))", &["FL0905:7"]),
        ("given sure_it = raw(\"{}\")\nwhen go(sample(\"a\"))\nneed visited(m)", &["FL0005:10"]),
        ("given sure_it = Sorted(kind: Spam)\nwhen go(sample(\"a\"))\nneed visited(n)", &["FL0102:8"]),
    ];
    for (steps, expected) in rows {
        assert_eq!(codes(&format!("{flow}test \"t\" {{\n{steps}\n}}\n")), *expected, "{steps}");
    }
}

#[test]
fn imports_are_checked() {
    let models = "pub model fast = openai(\"x\") {}\nmodel slow = openai(\"y\") {}\n";
    let user = "prompt p(a: text in ..9 tokens): text { user: \"{{a}}\" }\nflow f(a: text in ..9 tokens): text {\n-> n\nnode n = p(a) using fast\n-> return n\n}\n";
    let with = |import: &str| package(&[("main", &format!("{import}\n{user}")), ("models", models)]);
    assert_eq!(with("import models.{fast}"), Vec::<String>::new());
    assert_eq!(with("import models.{fast, slow}"), ["FL0018:1"]);
    assert_eq!(with("import models.{fats}"), ["FL0005:1", "FL0005:5"]);
    assert_eq!(with("import modles.{fast}"), ["FL0017:1"]);
    let cycle = package(&[
        ("a", "import b.{y}\npub fn x(): int = 1\nfn u(): int = y()\n"),
        ("b", "import a.{x}\npub fn y(): int = x()\n"),
    ]);
    assert_eq!(cycle, ["FL0019:1"]);
}

#[test]
fn the_manifest_is_checked() {
    let with = |text: &str| {
        let manifest = Some(("flow.toml".to_owned(), text.to_owned()));
        let checked = check(&PackageInput { manifest, files: Vec::new() });
        checked.diagnostics.iter().map(|found| found.code.number).collect::<Vec<_>>()
    };
    assert_eq!(with("[package]\nname = \"a\"\nflow = \"0.1\"\n"), Vec::<&str>::new());
    assert_eq!(with("[package]\nname = \"a\"\nflwo = \"0.1\"\n"), ["FL0025"]);
    assert_eq!(with("[package\n"), ["FL0025"]);
    assert_eq!(with("[package]\nname = \"a\"\n[lints]\nunknown-name = \"allow\"\n"), ["FL0025"]);
    assert_eq!(with("[package]\nname = \"a\"\n[lints]\nunused-parameter = \"loud\"\n"), ["FL0025"]);
    assert_eq!(with("[package]\nname = \"a\"\n[lints]\nunused-parameter = \"deny\"\n"), Vec::<&str>::new());
}

#[test]
fn the_standard_library_is_fine() {
    let checked = package(&[(
        "main",
        "import std/models.{gpt_5_mini}\nprompt p(a: text in ..9 tokens): text { user: \"{{a}}\" }\nflow f(a: text in ..9 tokens): text {\n-> n\nnode n = p(a) using gpt_5_mini\n-> return n\n}\n",
    )]);
    assert_eq!(checked, Vec::<String>::new());
    for (name, text) in flow_stdlib::MODULES {
        let parsed = flow_grammar::parse(text);
        assert!(parsed.errors.is_empty(), "{name}: {:?}", parsed.errors);
        assert_eq!(package(&[("copy", text)]), Vec::<String>::new(), "{name}");
    }
    assert!(flow_grammar::parse(flow_stdlib::PRELUDE).errors.is_empty());
}
