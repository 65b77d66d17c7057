//! Packages of any size: the example programs over and over, and programs of one extreme shape.

use std::fmt::Write as _;

use flow_compiler::PackageInput;

/// The roles and grants of all examples together.
const MANIFEST: &str = r#"[package]
name = "bench"
flow = "0.1"

[roles]
agent = { sees = ["pii"], trusted = true }
gateway = {}
support_lead = { trusted = true }
underwriter = { sees = ["pii"], trusted = true }

[grants]
bench = ["crm_write", "mail_send", "ticket_reply", "loan_book"]

[labels.pii]
regions = ["eu", "onprem"]
"#;

macro_rules! example {
    ($name:literal, $models:expr) => {
        ($name, include_str!(concat!("../../../examples/", $name, "/main.flow")), $models)
    };
}

/// Name, text and models of every example.
const EXAMPLES: [(&str, &str, &str); 6] = [
    example!("chatbot", include_str!("../../../examples/chatbot/models.flow")),
    example!("estate", include_str!("../../../examples/estate/models.flow")),
    example!("onboarding", include_str!("../../../examples/onboarding/models.flow")),
    example!("rag", include_str!("../../../examples/rag/models.flow")),
    example!("support", include_str!("../../../examples/support/models.flow")),
    example!("underwriting", ""),
];

/// The text of all examples in a row, at least `bytes` long: for phases that look at one file.
pub(crate) fn text(bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + 8_192);
    while out.len() < bytes {
        for (_, main, _) in EXAMPLES {
            out.push_str(main);
            out.push('\n');
        }
    }
    out
}

/// A package of about `lines` lines in files of the size of an example.
pub(crate) fn package(lines: usize) -> PackageInput {
    let mut files = Vec::new();
    for (name, _, models) in EXAMPLES {
        let module = format!("models_{name}");
        files.push((format!("{module}.flow"), vec![module], models.to_owned()));
    }
    let mut so_far: usize = files.iter().map(|(_, _, text)| text.lines().count()).sum();
    for (number, (name, main, _)) in EXAMPLES.iter().cycle().enumerate() {
        if so_far >= lines {
            break;
        }
        let text = renamed(name, main, number);
        so_far += text.lines().count();
        let module = format!("{name}_{number}");
        files.push((format!("{module}.flow"), vec![module], text));
    }
    PackageInput { manifest: Some(("flow.toml".to_owned(), MANIFEST.to_owned())), files }
}

/// The example as one module among many: its own models, and triggers that no other module has.
fn renamed(name: &str, main: &str, number: usize) -> String {
    main.replace("import models.", &format!("import models_{name}."))
        .replace("on http.post(\"/", &format!("on http.post(\"/m{number}/"))
        .replace("on queue(\"", &format!("on queue(\"m{number}-"))
}

/// One file as a package.
pub(crate) fn single(text: String) -> PackageInput {
    PackageInput { manifest: None, files: vec![("main.flow".to_owned(), vec!["main".to_owned()], text)] }
}

/// One flow of `nodes` nodes, each with a parameter, a guard, an error edge and a way on. With `shared` all
/// parameters have one name, which is a mistake at each of them.
pub(crate) fn chain(nodes: usize, shared: bool) -> String {
    let mut out = String::from(
        "tool step(x: int): int = http.post(\"https://a.internal/b\") {\n  effect: Read\n}\n\n\
         pub flow long(x: int): int {\n  -> n0(x)\n\n  node stop = x + 1\n    -> return stop\n",
    );
    for number in 0..nodes {
        let param = if shared { "y".to_owned() } else { format!("y{number}") };
        let next = if number + 1 < nodes { format!("n{}(n{number})", number + 1) } else { "stop".to_owned() };
        let _ = write!(
            out,
            "\n  node n{number}({param}: int) = step({param})\n    -> stop when n{number} > {number}\n    -> {next}\n    -> stop on Error\n",
        );
    }
    out.push_str("}\n");
    out
}
