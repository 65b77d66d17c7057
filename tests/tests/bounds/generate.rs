//! Random packages: a few models, and flows whose nodes ask models, tools, people and each other.
//!
//! Every node has prompts of its own, so that the world knows who asks.

use std::fmt::Write as _;

use fastrand::Rng;
use flow_eval::Value;

/// A package as text, and what the world must know about it.
pub(crate) struct Package {
    pub(crate) text: String,
    pub(crate) flows: Vec<Flow>,
}

pub(crate) struct Flow {
    pub(crate) name: String,
    pub(crate) nodes: Vec<Node>,
    /// Whether the last node takes the errors of the others.
    pub(crate) handled: bool,
}

pub(crate) struct Node {
    pub(crate) work: Work,
    pub(crate) edges: Vec<Edge>,
}

#[derive(Clone, Debug)]
pub(crate) enum Work {
    Nothing,
    /// A prompt with so many votes; whether a fallback stands behind its model.
    Prompt(String, u32, bool),
    /// Prompts asked at once, each this many times. If one fails, the others are not heard to their end.
    Many(Vec<(String, bool)>, u32),
    Tool(String),
    Human(String, u32),
    Flow(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// `None` returns.
    pub(crate) to: Option<usize>,
    pub(crate) guard: Guard,
    pub(crate) max: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Guard {
    Always,
    Is(usize),
    Timeout,
    Expired,
}

/// What prompts and people answer.
pub(crate) const VERDICTS: [&str; 4] = ["Ann", "Bob", "Cid", "Dan"];

const WORDS: [&str; 12] = [
    "good",
    "straße",
    "\"quoted\"",
    "\n",
    "字节",
    "0.25",
    "  ",
    "{json: [1, 2]}",
    "\\",
    "Ёлка",
    "🙂",
    "internationalisation",
];

/// Arguments of every flow: a text in tokens, a text in characters, a record.
pub(crate) fn arguments(random: &mut Rng) -> Vec<Value> {
    let mut text = String::new();
    while text.len() < 400 && random.u8(..) > 4 {
        text.push_str(WORDS[random.usize(..WORDS.len())]);
    }
    let tokens = flow_ir::tokens::front(&text, 60).to_owned();
    let chars: String = text.chars().take(40).collect();
    let note: String = text.chars().rev().take(20).collect();
    vec![
        Value::text(tokens.as_str()),
        Value::text(chars.as_str()),
        Value::record([Value::text(note.as_str()), Value::Int(random.i64(..))]),
    ]
}

pub(crate) fn plain_arguments() -> Vec<Value> {
    vec![Value::text("a"), Value::text("b"), Value::record([Value::text("c"), Value::Int(1)])]
}

/// Flows that call only flows before them. `exact`: nothing in it depends on the length of a text.
pub(crate) fn package(random: &mut Rng, flows: usize, exact: bool) -> Package {
    let mut text = String::new();
    let retries = [random.u32(..3), if exact { 0 } else { random.u32(..3) }];
    for (index, retry) in retries.iter().enumerate() {
        let fallback = if index == 0 { "\n  fallback: [m1]" } else { "" };
        let (price_in, price_out) = (random.u32(1..40), random.u32(1..80));
        let (output, factor) = (random.u32(20..200), ["1", "1.35", "2"][random.usize(..3)]);
        let _ = writeln!(
            text,
            "model m{index} = openai(\"m{index}\") {{\n  can: [Json, Tools]\n  context: 20k tokens\n  output: {output} tokens\n  \
             price_in: 0.{price_in:02} USD / 1M tokens\n  price_out: {price_out} USD / 1M tokens\n  timeout: 5s\n  \
             retry: {retry}\n  token_factor: {factor}{fallback}\n}}\n"
        );
    }
    text.push_str(
        "enum Verdict {\n  Ann\n  Bob\n  Cid\n  Dan\n}\n\ntype Card {\n  note: text in ..20\n  n: int\n}\n\n",
    );
    text.push_str("tool hint(of: text in ..40): text in ..40 = http.get(\"https://h.internal/{{of}}\") {\n  effect: Read\n  timeout: 1s\n  cost: 0.0007 USD\n}\n\n");
    let mut made = Vec::new();
    for index in 0..flows {
        let flow = flow(random, index, exact, &mut text);
        made.push(flow);
    }
    Package { text, flows: made }
}

fn flow(random: &mut Rng, index: usize, exact: bool, text: &mut String) -> Flow {
    let count = random.usize(2..7);
    let handled = random.u8(..3) == 0;
    let name = format!("f{index}");
    let mut nodes = Vec::new();
    let mut body = String::new();
    for node in 0..count {
        let last = node + 1 == count;
        let (work, written, judged) = work(random, (index, node), exact, text);
        let mut edges = edges(random, (node, count, handled), judged, &work);
        let next = (!(last || handled && node + 2 == count)).then_some(node + 1);
        edges.push(Edge { to: next, guard: Guard::Always, max: None });
        if matches!(work, Work::Human(..)) {
            edges.push(Edge { to: None, guard: Guard::Expired, max: None });
        }
        let _ = write!(body, "\n  node n{node}{written}\n");
        edges.iter().for_each(|edge| body.push_str(&arrow(node, edge)));
        nodes.push(Node { work, edges });
    }
    let within = if !exact && random.bool() {
        format!(" within 0.0{:02} USD", random.u32(1..90))
    } else {
        String::new()
    };
    let handler = if handled { format!("  -> n{} on Error\n", count - 1) } else { String::new() };
    let params = "x: text in ..60 tokens, y: text in ..40, z: Card";
    let _ = writeln!(text, "pub flow {name}({params}): int{within} {{\n  -> n0\n{handler}{body}}}\n");
    Flow { name, nodes, handled }
}

/// Arrows that need a verdict or a failure: on to later nodes freely, back with `max`.
fn edges(
    random: &mut Rng,
    (node, count, handled): (usize, usize, bool),
    judged: bool,
    work: &Work,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    // The handler leads nowhere else, and nothing but failures leads there.
    let main = if handled { count - 1 } else { count };
    if node >= main {
        return edges;
    }
    let target = |random: &mut Rng| {
        let to = random.usize(..main);
        let max = (to <= node || random.u8(..4) == 0).then(|| random.u32(1..4));
        (Some(to), max)
    };
    if judged {
        for verdict in 0..random.usize(..3) {
            let (to, max) = target(random);
            edges.push(Edge { to, guard: Guard::Is(verdict), max });
        }
    }
    if matches!(work, Work::Prompt(_, 1, _)) && random.u8(..3) == 0 {
        let (to, max) = target(random);
        edges.push(Edge { to, guard: Guard::Timeout, max });
    }
    edges
}

fn arrow(node: usize, edge: &Edge) -> String {
    let to = edge.to.map_or_else(|| "return 1".to_owned(), |to| format!("n{to}"));
    let guard = match edge.guard {
        Guard::Always => String::new(),
        Guard::Is(verdict) => format!(" when n{node} is {}", VERDICTS[verdict]),
        Guard::Timeout => " on Timeout".to_owned(),
        Guard::Expired => " on Expired".to_owned(),
    };
    let max = edge.max.map(|max| format!(" max {max}")).unwrap_or_default();
    format!("    -> {to}{guard}{max}\n")
}

/// The work of a node: what it is, how it is written, and whether its result is a verdict.
fn work(
    random: &mut Rng,
    (flow, node): (usize, usize),
    exact: bool,
    text: &mut String,
) -> (Work, String, bool) {
    let name = format!("p{flow}_{node}");
    match random.u8(..10) {
        0 => (Work::Nothing, String::new(), false),
        1 => {
            let _ = writeln!(
                text,
                "tool {name}(q: text in ..9): text in ..40 = http.get(\"https://h.internal/{{{{q}}}}\") {{\n  effect: Read\n  \
                 timeout: 1s\n  retry: 1\n  cost: 0.00{:02} USD\n}}\n",
                random.u32(1..99)
            );
            (Work::Tool(name.clone()), format!(" = {name}(\"q\")"), false)
        }
        2 => {
            let quorum = random.u32(1..4);
            let _ = writeln!(
                text,
                "human {name}(q: text in ..9): Verdict {{\n  role: boss\n  approves: [Ann, Bob, Cid, Dan]\n  quorum: {quorum}\n  \
                 cost: 0.0{:02} USD\n}}\n",
                random.u32(1..99)
            );
            (Work::Human(name.clone(), quorum), format!(" = {name}(\"q\") within 8h"), true)
        }
        3 if flow > 0 => {
            let callee = random.usize(..flow);
            (Work::Flow(callee), format!(" = f{callee}(x, y, z)"), false)
        }
        4 => {
            let names = [format!("{name}_a"), format!("{name}_b")];
            let both = [
                prompt(random, &names[0], exact, false, text),
                prompt(random, &names[1], exact, false, text),
            ];
            let written = format!(" = all {{\n    a = {}\n    b = {}\n  }}", both[0].0, both[1].0);
            {
                let chains = [both[0].1, both[1].1];
                (Work::Many(names.into_iter().zip(chains).collect(), 1), written, false)
            }
        }
        5 => {
            let (call, chain) = prompt(random, &name, exact, false, text);
            let count = random.u32(1..4);
            let list: Vec<&str> = vec!["\"e\""; count as usize];
            let written =
                format!(" = each e in [{}] {{ {} }}", list.join(", "), call.replace("(x, ", "(e, "));
            (Work::Many(vec![(name, chain)], count), written, false)
        }
        6 if !exact => {
            let (left, right) = (format!("{name}_a"), format!("{name}_b"));
            let (a, b) =
                (prompt(random, &left, exact, true, text).0, prompt(random, &right, exact, true, text).0);
            let _ = writeln!(
                text,
                "split {name}(x: text in ..60 tokens, y: text in ..40, z: Card): Verdict {{\n  key: y\n  60%: {a}\n  40%: {b}\n  \
                 shadow 50%: {a}\n}}\n"
            );
            (Work::Many(vec![(left, true), (right, true)], 1), format!(" = {name}(x, y, z)"), true)
        }
        _ => {
            let votes = if random.u8(..5) == 0 { random.u32(2..4) } else { 1 };
            let (call, chain) = voted(random, &name, exact, true, votes, text);
            (Work::Prompt(name, votes, chain), format!(" = {call}"), true)
        }
    }
}

fn prompt(random: &mut Rng, name: &str, exact: bool, judges: bool, text: &mut String) -> (String, bool) {
    voted(random, name, exact, judges, 1, text)
}

/// A prompt's declaration goes into the package; its call, and whether a fallback stands behind its model, back.
fn voted(
    random: &mut Rng,
    name: &str,
    exact: bool,
    judges: bool,
    votes: u32,
    text: &mut String,
) -> (String, bool) {
    let ret = if judges { "Verdict" } else { "text in ..400 tokens" };
    let mut settings = format!("  output: {} tokens\n", random.u32(10..90));
    if votes > 1 {
        let _ = writeln!(settings, "  confidence: Vote({votes})");
    }
    if exact {
        let _ = writeln!(
            settings,
            "  system: \"Be {}.\"\n  user: \"Which one?\"",
            WORDS[0].repeat(random.usize(1..9))
        );
    } else {
        let _ = writeln!(settings, "  repair: {}", random.u32(..3));
        if random.u8(..4) == 0 {
            let _ = writeln!(settings, "  tools: [hint]\n  rounds: {}", random.u32(1..3));
        }
        settings
            .push_str("  system: \"{{y}}\"\n  user: \"About {{x}}{{y}} and {{z}}: {{z.note}}, {{z.n}}\"\n");
    }
    let params = if exact { "" } else { "x: text in ..60 tokens, y: text in ..40, z: Card" };
    let _ = writeln!(text, "prompt {name}({params}): {ret} {{\n{settings}}}\n");
    let chain = random.bool();
    let args = if exact { "" } else { "x, y, z" };
    (format!("{name}({args}) using {}", if chain { "m0" } else { "m1" }), chain)
}
