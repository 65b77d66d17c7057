//! Random flows, as text.

use std::fmt::Write as _;

/// Chance, the same on every machine.
pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(crate) fn seed(&mut self) -> u64 {
        self.0.u64(..)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.usize(..n.max(1))
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// What every package of random flows has. EFFECT is that of the tool `act`.
pub(crate) const WORLD: &str = r#"
model m = openai("gpt-5-mini") {
  region: "eu"
  can: [Json]
  context: 128k tokens
  output: 1k tokens
  timeout: 8s
}

enum Verdict {
  Approve
  Edit(reply: text)
  Reject
}

type Pair {
  left: text
  right: text
}

resource box: Queue(text)

fn glue(a: text, b: text): text = "{{a}} {{b}}"

fn swap(pair: Pair): Pair = Pair(pair.right, pair.left)

prompt ask(a: text, b: text): text {
  output: 100 tokens
  user: "{{a}} {{b}}"
}

tool read(a: text): text = http.get("https://x.internal/{{a}}") {
  effect: Read
  timeout: 3s
}

tool who(a: text): pii text = http.get("https://x.internal/who/{{a}}") {
  effect: Read
  timeout: 3s
}

tool act(a: text, b: text): text = http.post("https://x.internal/act") {
  effect: EFFECT
  timeout: 3s
}

human review(a: text, b: text): Verdict {
  role: agent
  title: "{{a}}?"
  approves: [Approve, Edit]
}

check vet(a: text): trusted text {
  need a.length > 3 else "short"
}

check same(a: text): text {
  need a.length > 3 else "short"
}
"#;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ask,
    Read,
    Who,
    Pure,
    Swap,
    Vet,
    Same,
    Review,
    Both,
    Act,
    Sub,
    Put,
    Take,
}

/// A flow and the private one that it may call.
pub(crate) fn flow(dice: &mut Dice, index: usize) -> String {
    let mut out = String::new();
    let sub = match dice.below(3) {
        0 => approving(dice, index),
        1 => {
            let size = 1 + dice.below(3);
            Writer { dice, name: format!("g{index}"), size, sub: None }.flow(false)
        }
        _ => String::new(),
    };
    let has_sub = !sub.is_empty();
    let size = 2 + dice.below(5);
    let sub_name = has_sub.then(|| format!("g{index}"));
    out.push_str(&sub);
    out.push_str(&Writer { dice, name: format!("f{index}"), size, sub: sub_name }.flow(true));
    out
}

/// A flow that returns only what somebody approved.
fn approving(dice: &mut Dice, index: usize) -> String {
    let shown = dice.one(&["review(p, q)", "review(p, \"lit\")", "review(q, p)"]);
    let result = dice.one(&["p", "q", "\"done\""]);
    format!(
        "flow g{index}(p: text, q: text): text {{\n  -> n0\n\n  node n0 = {shown} within 1h\n    -> return {result} when n0 is Approve\n    -> fail \"no\"\n    -> fail \"late\" on Expired\n}}\n\n"
    )
}

struct Writer<'d> {
    dice: &'d mut Dice,
    name: String,
    size: usize,
    sub: Option<String>,
}

impl Writer<'_> {
    fn flow(mut self, public: bool) -> String {
        let kinds: Vec<Kind> = (0..self.size).map(|at| self.kind(at)).collect();
        let mut out = String::new();
        let head = if public { "pub flow" } else { "flow" };
        let params = if public { "p: pii text, q: trusted text" } else { "p: text, q: text" };
        let _ = writeln!(out, "{head} {}({params}): text within 40h {{", self.name);
        let _ = writeln!(out, "  -> n0(p)\n  -> return \"failed {{{{error.message}}}}\" on Error\n");
        for at in 0..self.size {
            self.node(&kinds, at, &mut out);
        }
        out.push_str("}\n\n");
        out
    }

    fn kind(&mut self, at: usize) -> Kind {
        let all = [
            Kind::Ask,
            Kind::Read,
            Kind::Who,
            Kind::Pure,
            Kind::Swap,
            Kind::Vet,
            Kind::Vet,
            Kind::Same,
            Kind::Review,
            Kind::Review,
            Kind::Review,
            Kind::Both,
            Kind::Act,
            Kind::Act,
            Kind::Act,
            Kind::Sub,
            Kind::Put,
            Kind::Take,
        ];
        match all[self.dice.below(all.len())] {
            Kind::Act if at == 0 && self.dice.chance(90) => Kind::Review,
            Kind::Sub if self.sub.is_none() => Kind::Ask,
            kind => kind,
        }
    }

    /// A text that is there in node `at`, and on its normal edges if `done`.
    fn value(&mut self, kinds: &[Kind], at: usize, done: bool) -> String {
        let mut known = vec![
            "p".to_owned(),
            "q".into(),
            "\"lit\"".into(),
            format!("x{at}"),
            format!("x{at}"),
            "x0".into(),
        ];
        if done && has_text(kinds[at]) {
            known.extend([format!("n{at}"), format!("n{at}")]);
        }
        if at > 0 && has_text(kinds[0]) {
            known.push("n0".into());
        }
        let a = known[self.dice.below(known.len())].clone();
        let b = known[self.dice.below(known.len())].clone();
        match self.dice.below(12) {
            0 => format!("\"{{{{{}}}}} and {{{{{}}}}}\"", bare(&a), bare(&b)),
            1 => format!("swap(Pair({a}, {b})).left"),
            2 => format!("[{a}, {b}].first"),
            3 => format!("{a} + {b}"),
            _ => a,
        }
    }

    /// A text that somebody probably vouches for.
    fn safe(&mut self, kinds: &[Kind], at: usize) -> String {
        if self.dice.chance(12) {
            return self.value(kinds, at, false);
        }
        let x = format!("x{at}");
        self.dice.one(&["q", "\"lit\"", &x, &x, &x]).to_owned()
    }

    fn node(&mut self, kinds: &[Kind], at: usize, out: &mut String) {
        let a = self.value(kinds, at, false);
        let b = self.value(kinds, at, false);
        let x = format!("x{at}");
        let shown = [x.clone(), if self.dice.chance(50) { "p".into() } else { b.clone() }];
        let work = match kinds[at] {
            Kind::Ask => format!("ask({a}, {b}) using m"),
            Kind::Read => format!("read({a})"),
            Kind::Who => format!("who({a})"),
            Kind::Pure => format!("glue({a}, {b})"),
            Kind::Swap => format!("\"{{{{swap(Pair({}, {})).right}}}}\"", x, "q"),
            Kind::Vet => format!("vet({a})"),
            Kind::Same => format!("same({a})"),
            Kind::Review => format!("review({}, {}) within 1h", shown[0], shown[1]),
            Kind::Both => {
                format!(
                    "all {{\n    h = review({}, {})\n    r = read({a})\n  }} within 1h",
                    shown[0], shown[1]
                )
            }
            Kind::Act => format!("act({}, {})", self.safe(kinds, at), self.safe(kinds, at)),
            Kind::Sub => format!("{}({a}, {b})", self.sub.clone().unwrap_or_default()),
            Kind::Put => format!("box.add({a})"),
            Kind::Take => "box.take(2)".to_owned(),
        };
        let _ = writeln!(out, "  node n{at}(x{at}: text) = {work}");
        self.edges(kinds, at, &shown, out);
        out.push('\n');
    }

    /// Where a run goes on: to the next node, somewhere behind it, or to the end.
    fn on(&mut self, kinds: &[Kind], at: usize, target: usize, passed: Option<String>, done: bool) -> String {
        if target >= self.size {
            return format!("return {}", self.value(kinds, at, done));
        }
        let value = match passed.filter(|_| !self.dice.chance(10)) {
            Some(passed) => passed,
            None => self.value(kinds, at, done),
        };
        format!("n{target}({value})")
    }

    /// A node behind this one that is probably not sensitive, or the end.
    fn elsewhere(&mut self, kinds: &[Kind], at: usize) -> usize {
        let target = at + 1 + self.dice.below(self.size - at);
        let is_sensitive = kinds.get(target).is_some_and(|kind| *kind == Kind::Act);
        if is_sensitive && self.dice.chance(93) { self.size } else { target }
    }

    fn edges(&mut self, kinds: &[Kind], at: usize, shown: &[String; 2], out: &mut String) {
        let next_acts = kinds.get(at + 1).is_some_and(|kind| *kind == Kind::Act);
        if matches!(kinds[at], Kind::Review | Kind::Both) {
            let answer = if kinds[at] == Kind::Review { format!("n{at}") } else { format!("n{at}.h") };
            let seen = shown[self.dice.below(2)].clone();
            let approved = self.on(kinds, at, at + 1, Some(seen.clone()), false);
            let _ = writeln!(out, "    -> {approved} when {answer} is Approve");
            let edited = self.on(kinds, at, at + 1, Some(format!("{answer}.reply")), false);
            let _ = writeln!(out, "    -> {edited} when {answer} is Edit");
            if self.dice.chance(40) {
                let back = self.dice.below(at + 1);
                let value = self.value(kinds, at, false);
                let _ = writeln!(out, "    -> n{back}({value}) when {answer} is Reject max 2");
            }
            let target = self.elsewhere(kinds, at);
            let rest = self.on(kinds, at, target, None, false);
            let _ = writeln!(out, "    -> {rest}\n    -> return \"late\" on Expired");
            return;
        }
        if self.dice.chance(30) {
            let target = self.elsewhere(kinds, at);
            let branch = self.on(kinds, at, target, None, true);
            let _ = writeln!(out, "    -> {branch} when x{at}.length > {}", 4 + self.dice.below(6));
        }
        if self.dice.chance(15) {
            let back = self.dice.below(at + 1);
            let value = self.value(kinds, at, true);
            if kinds[back] != Kind::Act {
                let _ = writeln!(out, "    -> n{back}({value}) when x{at}.length > 5 max 1");
            }
        }
        let passed = match kinds[at] {
            Kind::Vet | Kind::Act if next_acts => Some(format!("n{at}")),
            _ => None,
        };
        let next = self.on(kinds, at, at + 1, passed, true);
        let _ = writeln!(out, "    -> {next}");
        if matches!(kinds[at], Kind::Vet | Kind::Same) {
            let _ = writeln!(out, "    -> return \"bad\" on Invalid");
        } else if matches!(kinds[at], Kind::Read | Kind::Ask) && at > 0 && self.dice.chance(20) {
            let target = self.elsewhere(kinds, at);
            let other = self.on(kinds, at, target, None, false);
            let _ = writeln!(out, "    -> {other} on Timeout");
        }
    }
}

/// Whether the result of a node is a text.
fn has_text(kind: Kind) -> bool {
    !matches!(kind, Kind::Review | Kind::Both | Kind::Put | Kind::Take)
}

/// A value as it stands in a hole.
fn bare(value: &str) -> &str {
    value
}
