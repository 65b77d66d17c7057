//! The path through the graph, shown while it is walked: a line a visit on stderr, what is under way below it,
//! and the text of the answer on stdout as soon as it is final.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flow_ir::{Bundle, stream};
use flow_runtime::port::{Delta, Watch};
use flow_runtime::protocol::{Command, OpId, Record, RunHeader};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::graph::text;
use crate::journal::{self, Step};
use crate::people::at_terminal::Pause;
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, Terminal, WARN, clean, paint};

/// Shows a run on a terminal.
pub(super) struct Live {
    bundle: Arc<Bundle>,
    terminal: Terminal,
    bar: ProgressBar,
    /// Whether stdout is watched too, so that text may be streamed to it.
    streams: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    steps: Vec<Step>,
    /// Operations whose text is the flow's result.
    final_ops: FxHashSet<OpId>,
    attempts: FxHashMap<OpId, u32>,
    streamed: String,
}

impl Live {
    pub(super) fn new(bundle: Arc<Bundle>, terminal: Terminal) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        let streams = terminal.out_is_terminal();
        Self { bundle, terminal, bar, streams, state: Mutex::default() }
    }

    /// Ends the view; returns what was streamed to stdout.
    pub(super) fn finish(&self) -> String {
        self.bar.finish_and_clear();
        self.with(|state| std::mem::take(&mut state.streamed))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // What is shown is no part of the run: after a panic elsewhere it may be shown as it is.
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn line(&self, line: &str) {
        self.bar.suspend(|| self.terminal.err(&format!("{line}\n")));
    }

    fn record(&self, record: &Record) {
        let shown = self.with(|state| {
            let at = journal::note(&mut state.steps, record)?;
            let step = state.steps.get(at)?.clone();
            Some(step)
        });
        let Some(step) = shown else { return };
        match record {
            Record::Entered { .. } => self.bar.set_message(under_way(&step, &self.bundle)),
            Record::Took { .. } => self.line(&left(&step, &self.bundle)),
            Record::Produced { .. } | Record::Raised { .. } => {}
        }
    }

    /// Only of the flow that was asked for, and only where no later step can take the text back.
    fn invoked(&self, invocation: &flow_runtime::protocol::Invocation) {
        let is_final = invocation.frame == 0
            && self
                .bundle
                .flow(invocation.flow)
                .is_some_and(|flow| stream::final_text(flow, invocation.node, &self.bundle).is_ok());
        if is_final {
            self.with(|state| state.final_ops.insert(invocation.op));
        }
    }

    fn text(&self, op: OpId, attempt: u32, text: &str) {
        let starts_over = self.with(|state| {
            if !state.final_ops.contains(&op) {
                return None;
            }
            let before = state.attempts.insert(op, attempt).unwrap_or(attempt);
            let starts_over = before != attempt && !state.streamed.is_empty();
            if starts_over {
                state.streamed.clear();
            }
            state.streamed.push_str(text);
            Some(starts_over)
        });
        let Some(starts_over) = starts_over else { return };
        if starts_over {
            self.line(&format!("\n{}", paint(WARN, "the answer broke off; asking again")));
        }
        // Nothing can be done if stdout is gone; the result is still told by the exit code.
        self.bar.suspend(|| drop(self.terminal.print(&clean(text))));
    }
}

impl Pause for Live {
    fn pause(&self, act: &mut dyn FnMut()) {
        self.bar.suspend(act);
    }
}

impl Watch for Live {
    fn command(&self, _: &RunHeader, command: &Command) {
        match command {
            Command::Record(record) => self.record(record),
            Command::Invoke(invocation) => self.invoked(invocation),
            Command::Timer { .. }
            | Command::Cancel { .. }
            | Command::Compare(_)
            | Command::Shadow(_)
            | Command::Finish(_) => {}
        }
    }

    fn delta(&self, _: &RunHeader, op: OpId, delta: &Delta) {
        match delta {
            Delta::Line(line) => self.line(&format!("  {} {}", paint(NAME, "│"), clean(line))),
            Delta::Text { attempt, text } if self.streams => self.text(op, *attempt, text),
            Delta::Text { .. } => {}
        }
    }
}

fn indent(step: &Step) -> &'static str {
    if step.frame == 0 { "  " } else { "      " }
}

fn under_way(step: &Step, bundle: &Bundle) -> String {
    let calls = asks(step, bundle);
    format!("{} {}", step.name(bundle), paint(DIM, calls))
}

/// What the node of a step asks.
fn asks(step: &Step, bundle: &Bundle) -> String {
    let node = bundle.flow(step.flow).zip(step.node).and_then(|(flow, node)| flow.nodes.get(node.index()));
    let calls = node.into_iter().flat_map(|node| node.work.calls());
    let words: Vec<String> =
        calls.map(|call| text::callee(bundle, call.callee)).filter(|name| name != "value").collect();
    text::short(&words.join(", "), 40)
}

/// `  sort  triage · gpt-5-mini · 312+45 tokens · 0.0012 USD · 1.2 s  → gather  when …`
pub(super) fn left(step: &Step, bundle: &Bundle) -> String {
    let indent = indent(step);
    let (to, why) = step.left_by(bundle).unwrap_or_default();
    let arrow = format!("{} {} {}", paint(NAME, "→"), paint(BOLD, to), paint(DIM, why));
    if step.node.is_none() {
        return format!("{indent}{} {arrow}", paint(DIM, step.name(bundle)));
    }
    let mark = match (&step.raised, step.degraded) {
        (Some(_), _) => paint(BAD, "✗"),
        (None, true) => paint(WARN, "~"),
        (None, false) => paint(GOOD, "✓"),
    };
    let again = if step.visit > 1 { format!(" #{}", step.visit) } else { String::new() };
    let name = format!("{:<12}", format!("{}{again}", step.name(bundle)));
    let error = step.raised.as_ref().map(|(class, message)| {
        format!("\n{indent}    {} {}", paint(BAD, class.name()), text::short(&clean(message), 200))
    });
    format!("{indent}{mark} {name} {}{arrow}{}", paint(DIM, facts(step, bundle)), error.unwrap_or_default())
}

fn facts(step: &Step, bundle: &Bundle) -> String {
    let facts = &step.facts;
    let mut parts: Vec<String> = Vec::new();
    let asks = asks(step, bundle);
    if !asks.is_empty() {
        parts.push(asks);
    }
    parts.extend(facts.model.iter().map(ToString::to_string));
    if facts.input_tokens + facts.output_tokens > 0 {
        parts.push(format!("{}+{} tokens", facts.input_tokens, facts.output_tokens));
    }
    if facts.cost.0 != 0 {
        parts.push(facts.cost.to_string());
    }
    parts.extend(facts.by.iter().map(|by| format!("by {by}")));
    if facts.attempts > 1 {
        parts.push(format!("{} attempts", facts.attempts));
    }
    if step.elapsed_ms > 0 {
        parts.push(elapsed(step.elapsed_ms));
    }
    if parts.is_empty() { String::new() } else { format!("{} ", parts.join(" · ")) }
}

/// `340 ms`, `1.2 s`, `3 min 20 s`.
pub(super) fn elapsed(ms: i64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}
