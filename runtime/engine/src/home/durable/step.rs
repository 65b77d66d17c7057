//! A step: the machine is told, what follows becomes changes of the file, and is obeyed when they are kept.

use std::sync::Arc;

use flow_ir::setup::{Callee, Effect};
use flow_store::runs::{Change, QuestionState, RunEnd, Status, Used};

use super::keeper::Keeper;
use super::record::{Record, result_bytes};
use super::run::Run;
use crate::program::Program;
use crate::protocol::{Command, Event, Invocation, OpId, Outcome, RunResult};

impl Keeper {
    /// Tells a run what happened. The event and what follows from it are kept together.
    pub(super) fn tell(&mut self, run: &mut Run, event: Event) {
        self.tell_paused(run, event.now_ms());
        self.tell_alone(run, event);
    }

    pub(super) fn tell_alone(&mut self, run: &mut Run, event: Event) {
        let now_ms = event.now_ms();
        if let Some(watch) = &run.watch {
            watch.event(run.machine.header(), &event);
        }
        let record = Record::Event(event);
        self.append(run, &record);
        let Record::Event(event) = record else { return };
        let mut commands = Vec::new();
        run.machine.apply_into(event, &mut commands);
        self.plan(run, commands, now_ms);
    }

    pub(super) fn append(&mut self, run: &mut Run, record: &Record) {
        run.n_records += 1;
        if std::mem::take(&mut run.is_suspect) {
            self.changes.push(Change::Calm(run.no));
        }
        self.changes.push(Change::Append { run: run.no, seq: run.n_records, body: record.to_bytes() });
    }

    /// Keeps what follows from a step, and obeys it when that is on the disk. `now_ms` is the step's own time.
    pub(super) fn plan(&mut self, run: &mut Run, commands: Vec<Command>, now_ms: i64) {
        let mut answered_at_once = Vec::new();
        for command in &commands {
            match command {
                Command::Invoke(invocation) => {
                    answered_at_once.extend(self.plan_invoke(run, invocation, now_ms));
                }
                Command::Timer { op, after_ms } => self.set_timer(run, *op, due(now_ms, *after_ms)),
                Command::Cancel { op } => self.plan_cancel(run, *op),
                Command::Compare(end) => {
                    let host = Arc::clone(&run.host);
                    self.plan_compare(run.no, host.program.bundle(), end);
                    self.judge(run, end);
                }
                Command::Record(_) | Command::Shadow(_) => {}
                Command::Finish(result) => self.plan_end(run, result, now_ms),
            }
        }
        self.obey_when_kept(run, commands);
        for (op, outcome) in answered_at_once {
            self.tell(run, Event::Resolved { op, outcome, now_ms });
        }
    }

    pub(super) fn obey_when_kept(&mut self, run: &mut Run, commands: Vec<Command>) {
        run.uncommitted += 1;
        self.after.commands.push((run.no, commands));
    }

    /// Keeps the intent to write, or the question. The outcome of a question that cannot be asked.
    fn plan_invoke(
        &mut self,
        run: &mut Run,
        invocation: &Invocation,
        now_ms: i64,
    ) -> Option<(OpId, Outcome)> {
        if is_unrepeatable(&run.host.program, invocation.callee) {
            self.append(run, &Record::Intent(invocation.op));
        }
        let refused = self.plan_question(run, invocation, now_ms)?;
        Some((invocation.op, refused))
    }

    pub(super) fn set_timer(&mut self, run: &mut Run, op: OpId, due_ms: i64) {
        run.timers.push((op, due_ms));
        self.timers.insert((due_ms, run.no, op));
    }

    fn plan_cancel(&mut self, run: &mut Run, op: OpId) {
        if let Some(due_ms) = run.forget_timer(op) {
            self.timers.remove(&(due_ms, run.no, op));
        } else if run.questions.remove(&op).is_some() {
            let state = QuestionState::Withdrawn;
            self.changes.push(Change::Close { run: run.no, op: op.0, state });
        }
    }

    fn plan_end(&mut self, run: &mut Run, result: &RunResult, now_ms: i64) {
        let status = match result {
            RunResult::Returned(_) => Status::Returned,
            RunResult::Failed(_) => Status::Failed,
            RunResult::Cancelled => Status::Cancelled,
        };
        let used = used(run);
        self.changes.push(Change::End(Box::new(RunEnd {
            run: run.no,
            status,
            ended_ms: now_ms,
            result: result_bytes(result),
            used,
        })));
        run.questions.clear();
        run.result = Some(result.clone());
    }

    /// Obeys what a step said: it is on the disk.
    pub(super) fn act(&mut self, run: &mut Run, commands: Vec<Command>) {
        for command in commands {
            if let Some(watch) = &run.watch {
                watch.command(run.machine.header(), &command);
            }
            match command {
                Command::Invoke(invocation) => self.invoke(run, invocation),
                Command::Cancel { op } => run.abort(op),
                Command::Finish(RunResult::Cancelled) => run.abort_all(),
                Command::Shadow(shadow) => self.shadow(run, shadow),
                Command::Finish(_) | Command::Timer { .. } | Command::Record(_) | Command::Compare(_) => {}
            }
        }
    }
}

/// As kept.
pub(super) fn used(run: &Run) -> Used {
    let usage = run.machine.usage();
    let number = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
    Used {
        cost: usage.cost.0,
        input_tokens: number(usage.input_tokens),
        output_tokens: number(usage.output_tokens),
    }
}

pub(super) fn due(now_ms: i64, after_ms: u64) -> i64 {
    now_ms.saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX))
}

/// Whether an operation changes the world in a way that its receiver could not recognise a second time.
pub(super) fn is_unrepeatable(program: &Program, callee: Callee) -> bool {
    let Callee::Tool(id) = callee else { return false };
    let tool = program.bundle().tools.get(id.index());
    tool.is_some_and(|tool| tool.effect != Effect::Read && !tool.once)
}
