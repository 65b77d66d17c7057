//! Prompts and tools: every attempt that may be billed.

use flow_ir::ModelId;
use flow_ir::effort::{self, CALLS_A_ROUND, MODEL_TIMEOUT_MS};
use flow_ir::setup::{Model, Prompt, PromptTool, Tool};

use super::{Attempt, Costs, Taken, attempts_ms, has_price};
use crate::bounds::request::Request;
use crate::bounds::size::{Shape, Weight};
use crate::bounds::{Effort, Most};

impl Costs<'_> {
    /// Everything that a call of a prompt may take: a vote holds several conversations at once, a conversation
    /// has a reply per repair and round, and for a reply every model of the chain may be asked in vain.
    pub(super) fn prompt(&self, prompt: &Prompt, first: ModelId, args: Vec<Shape>) -> Taken {
        let chain = effort::chain(&self.bundle.models, first);
        let attempts = self.attempts(prompt, first, args);
        let votes = effort::conversations(prompt);
        let rounds = (u64::from(prompt.repair) + 1).saturating_mul(u64::from(prompt.rounds));
        let tools = self.tools(prompt, rounds);
        let reply_ms = chain.iter().fold(Most::ZERO, |all, (_, model)| all.plus(model_ms(model)));
        let own = Effort {
            time_ms: reply_ms.times(effort::replies(prompt)),
            ..attempts.iter().fold(Effort::default(), |all, attempt| all.then(attempt.all()))
        };
        let usual_replies = 1 + u64::from(prompt.rounds.min(1));
        let usual = attempts.iter().filter(|attempt| attempt.reply < usual_replies && attempt.model == first);
        let usual = usual.fold(Effort::default(), |all, attempt| all.then(attempt.once()));
        let usual_tools = self.tools(prompt, u64::from(prompt.rounds.min(1)).min(rounds));
        let several = |effort: Effort| Taken { worst: effort, ..Taken::default() }.times(votes).worst;
        Taken {
            worst: several(own.then(tools)),
            usual: several(usual.then(self.one_tool(usual_tools))),
            latencies: chain.first().map(|(_, model)| model.latency_ms.clone()).into_iter().collect(),
            unpriced: unpriced(&chain, prompt),
            ..Taken::default()
        }
    }

    /// By reply, then by model in the order asked.
    pub(super) fn attempts(&self, prompt: &Prompt, first: ModelId, args: Vec<Shape>) -> Vec<Attempt> {
        let chain = effort::chain(&self.bundle.models, first);
        let request = self.counts.request(prompt, args);
        let answer = Weight::tokens(effort::answer_cap(prompt, &chain));
        let mut attempts = Vec::new();
        for reply in 0..effort::replies(prompt) {
            let sent = request.first.plus(grown(&request, prompt, answer, reply));
            for (id, model) in &chain {
                let schema = Weight::tokens(self.counts.schema(prompt, model));
                attempts.push(attempt(reply, *id, model, prompt, sent.plus(schema)));
            }
        }
        attempts
    }

    /// Tools that a model asks for in so many rounds, one after another.
    fn tools(&self, prompt: &Prompt, rounds: u64) -> Effort {
        let one = prompt.tools.iter().map(|tool| match tool {
            PromptTool::Tool(id) => {
                self.bundle.tools.get(id.index()).map(|tool| self.tool(tool).worst).unwrap_or_default()
            }
            PromptTool::Method(id, method) => self.searched(*id, *method, prompt).worst,
        });
        let dearest = one.fold(Effort::default(), Effort::or);
        let count = rounds.saturating_mul(CALLS_A_ROUND as u64);
        let all = Taken { worst: dearest, ..Taken::default() }.times(count).worst;
        Effort { time_ms: dearest.time_ms.times(count), ..all }
    }

    /// Of a full round, one call.
    fn one_tool(&self, round: Effort) -> Effort {
        let part = |most: Most| most.get().map_or(most, |all| Most::new(all.div_ceil(CALLS_A_ROUND as u64)));
        Effort {
            cost: part(round.cost),
            tokens: part(round.tokens),
            calls: part(round.calls),
            time_ms: part(round.time_ms),
            shadows: Most::ZERO,
        }
    }

    pub(super) fn tool(&self, tool: &Tool) -> Taken {
        let once = Effort {
            cost: Most::usd(tool.cost),
            calls: Most::new(1),
            time_ms: Most::new(tool.timeout_ms),
            ..Effort::default()
        };
        let worst = Effort {
            calls: Most::new(effort::tool_attempts(tool)),
            time_ms: attempts_ms(effort::tool_retries(tool), tool.timeout_ms),
            ..once
        };
        Taken { worst, usual: once, ..Taken::default() }
    }
}

/// What the conversation has grown by before a reply.
fn grown(request: &Request, prompt: &Prompt, answer: Weight, reply: u64) -> Weight {
    let a_repair = u64::from(prompt.rounds) + 1;
    let repairs = reply / a_repair;
    let rounds = repairs.saturating_mul(u64::from(prompt.rounds)).saturating_add(reply % a_repair);
    // In a round the model's words and what it asks the tools are each at most an answer.
    let round = request.round.plus(answer.times(2));
    request.repair.plus(answer).times(repairs).plus(round.times(rounds))
}

/// What does not fit the window is not sent.
fn attempt(reply: u64, id: ModelId, model: &Model, prompt: &Prompt, sent: Weight) -> Attempt {
    let output = effort::output_cap(prompt, model);
    let window = model.context.map_or(u64::MAX, |context| context.saturating_sub(output));
    let input = if sent.is_bounded() { sent.on(model).min(window) } else { window };
    let cost = match (input, model.price_in.map_or(0, |price| price.0)) {
        (u64::MAX, price) if price > 0 => Most::UNBOUNDED,
        _ => Most::usd(effort::cost(input, output, model.price_in, model.price_out)),
    };
    let times = effort::model_attempts(model);
    Attempt { reply, model: id, times, input: Most::new(input), output, cost }
}

impl Attempt {
    /// All of them.
    fn all(&self) -> Effort {
        let once = self.once();
        Effort {
            cost: once.cost.times(self.times),
            tokens: once.tokens.times(self.times),
            calls: once.calls.times(self.times),
            time_ms: Most::ZERO,
            shadows: Most::ZERO,
        }
    }

    fn once(&self) -> Effort {
        Effort {
            cost: self.cost,
            tokens: self.input.plus(Most::new(self.output)),
            calls: Most::new(1),
            ..Effort::default()
        }
    }
}

fn model_ms(model: &Model) -> Most {
    attempts_ms(model.retry, model.timeout_ms.unwrap_or(MODEL_TIMEOUT_MS))
}

fn unpriced(chain: &[(ModelId, &Model)], prompt: &Prompt) -> Vec<ModelId> {
    let without = chain.iter().filter(|(_, model)| !has_price(model, Some(prompt)));
    without.map(|(id, _)| *id).collect()
}
