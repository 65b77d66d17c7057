//! What an expression can raise is known before it runs: no random expression raises `Invalid` past the arrow that
//! catches it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::sync::Arc;

use flow_compiler::PackageInput;
use flow_eval::Value;
use flow_ir::FlowId;
use flow_ir::units::Currency;
use flow_runtime::protocol::{RunHeader, RunResult};
use flow_runtime::{Machine, Program};

/// How many expressions are computed.
const EXPRESSIONS: usize = 3_000;

struct Writer(fastrand::Rng);

impl Writer {
    fn one(&mut self, of: &[&str]) -> String {
        of[self.0.usize(..of.len())].to_owned()
    }

    fn int(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.one(&[
                "a",
                "b",
                "zero",
                "0",
                "7",
                "-3",
                "9223372036854775807",
                "xs.length",
                "t.length",
            ]);
        }
        let (x, y) = (self.int(depth - 1), self.int(depth - 1));
        match self.0.u8(..14) {
            0 => format!("({x} + {y})"),
            1 => format!("({x} - {y})"),
            2 => format!("({x} * {y})"),
            3 => format!("(-{x})"),
            4 => format!("({x}).clamp({y}, b)"),
            5 => format!("({x}).clamp(-5, 5)"),
            6 => "xs.sum".to_owned(),
            7 => format!("({x}).abs"),
            8 => format!("({}).{}", self.float(depth - 1), self.one(&["round", "floor", "ceil"])),
            9 => format!("third({x})"),
            10 => format!("({x}).third"),
            11 => format!("case {{ {x} < {y} => {x}  _ => {y} }}"),
            12 => format!("xs.map(x => x + {y}).length"),
            _ => format!("xs.at({x}).or({y})"),
        }
    }

    fn float(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.one(&["f", "0.5", "-2.0"]);
        }
        let (x, y) = (self.float(depth - 1), self.float(depth - 1));
        match self.0.u8(..6) {
            0 => format!("({} / {})", self.int(depth - 1), self.int(depth - 1)),
            1 => format!("({x} + {y})"),
            2 => format!("({x} * {y})"),
            3 => format!("({x} / {y})"),
            4 => format!("({x}).abs"),
            _ => format!("({x}).clamp(0, 1)"),
        }
    }

    fn text(&mut self, depth: u32) -> String {
        match self.0.u8(..8) {
            0 => format!("\"n {{{{{}}}}}\"", self.int(depth)),
            1 => format!("(\"x\" + t + \"{{{{{}}}}}\")", self.float(depth)),
            2 => format!("(t + t).cut({})", self.int(depth)),
            3 => format!("({}).text", self.int(depth)),
            4 => format!("\"{{{{if {} > 3}}}}yes{{{{else}}}}no{{{{end}}}}\"", self.int(depth)),
            5 => format!("\"{{{{each x in xs.take(2)}}}}{{{{x * {}}}}}{{{{end}}}}\"", self.int(depth)),
            6 => "[t, \"b\"].join(t)".to_owned(),
            _ => format!("\"{{{{d * {}}}}} {{{{m}}}}\"", self.int(depth)),
        }
    }

    fn any(&mut self) -> String {
        let depth = self.0.u32(..3);
        match self.0.u8(..8) {
            0 | 1 => self.int(depth),
            2 => self.float(depth),
            3 => format!("d * {}", self.int(depth)),
            4 => format!("m - m * {}", self.float(depth)),
            5 => format!("day.plus(d * {})", self.int(depth)),
            _ => self.text(depth),
        }
    }
}

/// A flow in which `wanted` computes the expression, and whatever it raises is caught.
fn flow(expression: &str) -> String {
    format!(
        "fn third(n: int): int = (n / 3).round

pub flow f(a: int, b: int, zero: int, f: float, t: text, d: duration, m: money, day: date, xs: list(int) in ..3): text {{
  -> first
  -> caught on Error

  node first = 1 / 1
    -> wanted

  node wanted = {expression}
    -> return \"{{{{wanted}}}}\"

  node caught = \"caught\"
    -> return caught
}}
"
    )
}

fn header(big: bool) -> RunHeader {
    let n = if big { i64::MAX - 1 } else { -4 };
    let args = vec![
        Value::Int(n),
        Value::Int(if big { i64::MIN } else { 3 }),
        Value::Int(0),
        Value::Float(if big { 1e300 } else { 0.25 }),
        Value::text("some text"),
        Value::Duration(if big { i64::MAX / 2 } else { 86_400_000 }),
        Value::Money(if big { i64::MAX - 9 } else { 1_000_000 }, Currency::Usd),
        Value::Date(2026, 1, 5),
        Value::List(vec![Value::Int(n), Value::Int(n)].into()),
    ];
    RunHeader {
        run: "run".into(),
        tenant: "t".into(),
        user: "".into(),
        flow: FlowId(0),
        args,
        started_ms: 0,
        seed: 0,
        paused: Vec::new(),
    }
}

#[test]
fn what_an_expression_raises_is_caught_by_the_arrow_for_it() {
    let mut writer = Writer(fastrand::Rng::with_seed(5));
    let (mut computed, mut caught, mut refused) = (0, 0, 0);
    while computed < EXPRESSIONS {
        let expression = writer.any();
        let text = flow(&expression);
        let file = ("main.flow".to_owned(), vec!["main".to_owned()], text);
        let checked = flow_compiler::check(&PackageInput { manifest: None, files: vec![file] });
        let Some(output) = checked.output else {
            refused += 1;
            assert!(refused < EXPRESSIONS, "{expression}: {:?}", checked.diagnostics);
            continue;
        };
        let program = Program::new(output.bundle);
        for big in [true, false] {
            let (machine, _) = Machine::start(Arc::clone(&program), Arc::new(header(big)));
            match machine.result() {
                Some(RunResult::Returned(value)) => caught += usize::from(*value == Value::text("caught")),
                other => panic!("{expression}: {other:?}"),
            }
        }
        computed += 1;
    }
    println!("{computed} expressions, {caught} errors caught, {refused} expressions refused");
    assert!(caught > EXPRESSIONS / 10, "only {caught} raised anything");
}
