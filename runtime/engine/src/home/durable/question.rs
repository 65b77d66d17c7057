//! Questions that are kept in the file.

use flow_eval::{json, schema};
use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass;
use flow_store::runs::{Change, QuestionRow, QuestionState};
use serde_json::{Map, Value as Json};

use super::keeper::Keeper;
use super::run::{Asked, Run};
use super::step::due;
use crate::effects::Question;
use crate::protocol::{Facts, Invocation, Outcome};

impl Keeper {
    /// Keeps the question of an invocation, if it asks a person through the home. Why it cannot be asked, if so.
    pub(super) fn plan_question(
        &mut self,
        run: &mut Run,
        invocation: &Invocation,
        now_ms: i64,
    ) -> Option<Outcome> {
        if !matches!(invocation.callee, Callee::Human(_)) {
            return None;
        }
        let cx = self.context(run, invocation);
        match run.host.effects.question(&cx, invocation)? {
            Ok(question) => {
                let row = question_row(run, invocation, &question, now_ms);
                let asked = Asked { invocation: Box::new(invocation.clone()), by: Vec::new() };
                run.questions.insert(invocation.op, asked);
                self.changes.extend(row.map(|row| Change::Ask(Box::new(row))));
                None
            }
            Err(refused) => Some(refused),
        }
    }
}

fn question_row(run: &Run, invocation: &Invocation, question: &Question, now_ms: i64) -> Option<QuestionRow> {
    let bundle = run.host.program.bundle();
    let human = bundle.humans.get(question.human.index())?;
    let shown = human.params.iter().zip(&question.args);
    let shown: Map<String, Json> =
        shown.map(|(param, value)| (param.wire.to_string(), json::encode(bundle, param.ty, value))).collect();
    let header = run.machine.header();
    let text = |text: &Option<smol_str::SmolStr>| text.as_ref().map(ToString::to_string);
    Some(QuestionRow {
        run: run.no,
        run_id: header.run.to_string(),
        op: invocation.op.0,
        tenant: header.tenant.to_string(),
        flow: bundle.flow(header.flow).map(|flow| flow.name.to_string()).unwrap_or_default(),
        human: human.name.to_string(),
        role: text(&human.role),
        who: text(&question.who),
        title: question.title.clone(),
        shown: Json::Object(shown),
        answer: schema::plain(bundle, human.ret),
        quorum: human.quorum.max(1),
        asked_ms: now_ms,
        due_ms: invocation.timeout_ms.map(|ms| due(now_ms, ms)),
        state: QuestionState::Open,
    })
}

/// What an operation that must not be repeated ends with after a crash.
pub(super) fn in_doubt(run: &Run, invocation: &Invocation) -> Outcome {
    let tool = match invocation.callee {
        Callee::Tool(id) => run.host.program.bundle().tools.get(id.index()),
        _ => None,
    };
    let name = tool.map(|tool| tool.name.as_str()).unwrap_or_default();
    let message = format!(
        "in doubt: `{name}` was called when the process ended, and whether it was done is not known; it is not repeated"
    );
    let cost = tool.map(|tool| tool.cost).unwrap_or_default();
    let facts = Box::new(Facts { cost, attempts: 1, ..Facts::default() });
    Outcome::Err { class: ErrorClass::Failed, message: message.into(), facts }
}
