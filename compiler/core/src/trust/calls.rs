//! Labels of calls: what goes out with one, and what comes back.

use flow_ir::expr::{Expr, ExprKind, Part};
use flow_ir::setup::{Call, Callee, MessageTemplate, Method, PromptTool, Tool};
use flow_ir::types::{Field, Labels, Type};
use flow_ir::{CheckId, FlowId, FunctionId, HumanId, PromptId, ResourceId, SplitId, TypeId};

use super::Analysis;
use super::eval::{Env, frame};
use super::labels::{Marks, Taint};
use super::notes::Sent;
use crate::names::Item;

/// What is known about a call that was looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Called {
    pub(crate) result: Taint,
    /// What a model was sent.
    pub(crate) sent: Marks,
    /// What an error's message may hold.
    pub(crate) error: Marks,
    /// Of a flow: what it knows about its parameters when it returns.
    pub(crate) shown: Vec<Taint>,
}

impl Analysis<'_> {
    /// Looks at a call.
    pub(crate) fn call(&mut self, call: &Call, env: &mut Env<'_>) -> Called {
        let args = self.eval_all(&call.args, env);
        let mut called = self.invoke(call, &args);
        if let Some(otherwise) = &call.otherwise {
            let value = self.eval(otherwise, env);
            called.result = self.shapes.join(&called.result, &value);
        }
        called
    }

    fn invoke(&mut self, call: &Call, args: &[Taint]) -> Called {
        let ret = self.returns(call.callee);
        let from_outside = |analysis: &Self| analysis.shapes.boundary(ret, &analysis.name(call.callee));
        match call.callee {
            Callee::Value => {
                Called { result: args.first().cloned().unwrap_or_default(), ..Called::default() }
            }
            Callee::Sleep => Called::default(),
            Callee::Function(id) => {
                self.demand_all(&call.args, args, self.bundle.functions.get(id.index()).map(|it| &it.params));
                let result = self.function(id, args);
                Called {
                    result: self.shapes.labelled(&result, ret, &self.name(call.callee)),
                    ..Called::default()
                }
            }
            Callee::Check(id) => self.check(id, call, args, ret),
            Callee::Prompt(id) => self.prompt(id, call, args, ret),
            Callee::Tool(id) => {
                let tool = self.bundle.tools.get(id.index());
                self.demand_all(&call.args, args, tool.map(|tool| &tool.params));
                self.note_call(call, args, Marks::CLEAN);
                Called { result: from_outside(self), ..Called::default() }
            }
            Callee::Human(id) => self.human(id, call, args, ret),
            Callee::Split(id) => self.split(id, call, args),
            Callee::Flow(id) => self.subflow(id, call, args, ret),
            Callee::Method(id, method) => self.method(id, method, call, args),
            Callee::Tell => {
                self.note_call(call, args, Marks::CLEAN);
                Called::default()
            }
        }
    }

    /// What holds for all arguments together.
    pub(crate) fn total_of_args(&self, args: &[Expr], taints: &[Taint]) -> Marks {
        let of = |(arg, taint): (&Expr, &Taint)| self.shapes.total(arg.ty, taint);
        args.iter().zip(taints).map(of).fold(Marks::CLEAN, Marks::join)
    }

    fn note_call(&mut self, call: &Call, args: &[Taint], sent: Marks) {
        let args = call.args.iter().zip(args).map(|(arg, taint)| self.shapes.total(arg.ty, taint)).collect();
        self.note(Sent { callee: call.callee, model: call.model, args, sent, system: Vec::new() });
    }

    /// A function is looked at once for each way it is called.
    pub(crate) fn function(&mut self, id: FunctionId, args: &[Taint]) -> Taint {
        let Some(function) = self.bundle.functions.get(id.index()) else { return Taint::default() };
        let known = self.functions.get(id.index()).into_iter().flatten();
        if let Some((_, result)) = known.into_iter().find(|(other, _)| other == args) {
            return result.clone();
        }
        if self.is_too_deep(Item::Fn(id)) {
            let all = function.params.iter().zip(args).map(|(param, arg)| self.shapes.total(param.ty, arg));
            return Taint::Whole(all.fold(Marks::CLEAN, Marks::join).outside());
        }
        let labelled: Vec<Taint> = self.labelled_all(args, &function.params);
        let state = frame(&labelled);
        let result = self.eval(&function.body, &mut Env::of_args(&state, labelled.len()));
        if let Some(known) = self.functions.get_mut(id.index()) {
            known.push((args.to_vec(), result.clone()));
        }
        result
    }

    /// Arguments with what the parameters say.
    pub(crate) fn labelled_all(&self, args: &[Taint], params: &[Field]) -> Vec<Taint> {
        let of = |(arg, param): (&Taint, &Field)| self.shapes.labelled(arg, param.labels, &param.name);
        args.iter().zip(params).map(of).collect()
    }

    fn check(&mut self, id: CheckId, call: &Call, args: &[Taint], ret: Labels) -> Called {
        let Some(check) = self.bundle.checks.get(id.index()) else { return Called::default() };
        self.demand_all(&call.args, args, Some(&check.params));
        let labelled = self.labelled_all(args, &check.params);
        let state = frame(&labelled);
        let mut error = Marks::CLEAN;
        for need in &check.needs {
            error = error.join(self.total_of(&need.message, &mut Env::of_args(&state, labelled.len())));
        }
        let first = args.first().cloned().unwrap_or_default();
        // `check redact(note: pii text): text`: whoever wrote it says that what passes is no longer `pii`.
        let redacts = check.params.first().is_some_and(|param| param.labels.pii) && !ret.pii;
        let first = if redacts { first.map(&|marks| Marks { pii: None, ..marks }) } else { first };
        let result = self.shapes.labelled(&first, ret, &check.name);
        let result = if check.trusted { result.vouched() } else { result };
        Called { result, error, ..Called::default() }
    }

    fn prompt(&mut self, id: PromptId, call: &Call, args: &[Taint], ret: Labels) -> Called {
        let Some(prompt) = self.bundle.prompts.get(id.index()) else { return Called::default() };
        self.demand_all(&call.args, args, Some(&prompt.params));
        let labelled = self.labelled_all(args, &prompt.params);
        let state = frame(&labelled);
        let mut env = Env::of_args(&state, labelled.len());
        let mut sent = Marks::CLEAN;
        let mut system = Vec::new();
        for message in &prompt.messages {
            let (MessageTemplate::System(text)
            | MessageTemplate::User(text)
            | MessageTemplate::Assistant(text)
            | MessageTemplate::Turns(text)) = message;
            sent = sent.join(self.total_of(text, &mut env));
            if matches!(message, MessageTemplate::System(_)) {
                self.untrusted_holes(text, &mut env, &mut system);
            }
        }
        if prompt.registry.is_some() {
            sent = sent.join(self.total_of_args(&call.args, &labelled));
        }
        for tool in &prompt.tools {
            sent = sent.join(self.read_by_model(*tool));
        }
        let totals =
            call.args.iter().zip(args).map(|(arg, taint)| self.shapes.total(arg.ty, taint)).collect();
        self.note(Sent { callee: call.callee, model: call.model, args: totals, sent, system });
        let own = self.shapes.labelled(&Taint::default(), Labels { trusted: false, ..ret }, &prompt.name);
        let echoed = self.shapes.made(prompt.ret, sent);
        Called { result: own.add(echoed.outside()), sent, ..Called::default() }
    }

    /// What a tool that a model calls by itself adds to the conversation.
    fn read_by_model(&self, tool: PromptTool) -> Marks {
        match tool {
            PromptTool::Tool(id) => {
                let labels = self.returns(Callee::Tool(id));
                let taint = self.shapes.boundary(labels, &self.name(Callee::Tool(id)));
                self.bundle
                    .tools
                    .get(id.index())
                    .map_or(Marks::CLEAN, |tool: &Tool| self.shapes.total(tool.ret, &taint))
            }
            PromptTool::Method(id, _) => self.stored_in(id),
        }
    }

    /// Everything that a resource may hold.
    fn stored_in(&self, id: ResourceId) -> Marks {
        let put = self.resources.get(id.index()).copied().unwrap_or(Marks::CLEAN);
        let item = self.bundle.resources.get(id.index()).map(|resource| resource.item);
        item.map_or(put, |item: TypeId| put.join(self.shapes.total(item, &Marks::OUTSIDE.into())))
    }

    /// Parameters whose text stands in a system message although nobody vouches for it.
    fn untrusted_holes(&mut self, text: &Expr, env: &mut Env<'_>, out: &mut Vec<u32>) {
        match &text.kind {
            ExprKind::Template(parts) => self.untrusted_parts(parts, env, out),
            _ if self.is_text(text.ty) && self.total_of(text, env).untrusted => slots_of(text, out),
            _ => {}
        }
    }

    fn untrusted_parts(&mut self, parts: &[Part], env: &mut Env<'_>, out: &mut Vec<u32>) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Hole(expr, _) => self.untrusted_holes(expr, env, out),
                Part::Each { local, list, body } => {
                    let item = self.eval(list, env);
                    env.locals.push((*local, item));
                    let before = out.len();
                    self.untrusted_parts(body, env, out);
                    env.locals.pop();
                    // A hole with the element of a list: the list's parameter is meant.
                    if out.len() == before && self.template(body, env).untrusted {
                        slots_of(list, out);
                    }
                }
                Part::If { then, otherwise, .. } => {
                    self.untrusted_parts(then, env, out);
                    self.untrusted_parts(otherwise, env, out);
                }
            }
        }
    }

    /// Whether a value of the type can hold sentences.
    fn is_text(&self, ty: TypeId) -> bool {
        match self.bundle.ty(ty) {
            Type::Text { .. } | Type::Json | Type::Image | Type::Audio | Type::File | Type::Record(_) => true,
            Type::Optional { item } | Type::List { item, .. } | Type::Map { item, .. } => self.is_text(*item),
            Type::Partial { .. } => true,
            Type::Enum(_) => !self.shapes.is_open(ty),
            _ => false,
        }
    }

    fn human(&mut self, id: HumanId, call: &Call, args: &[Taint], ret: Labels) -> Called {
        let Some(human) = self.bundle.humans.get(id.index()) else { return Called::default() };
        self.demand_all(&call.args, args, Some(&human.params));
        self.note_call(call, args, Marks::CLEAN);
        // A person may quote what they saw.
        let quoted = self.shapes.made(human.ret, self.total_of_args(&call.args, args));
        let is_trusted = human.role.as_ref().is_some_and(|role| self.trusted_roles.contains(role.as_str()));
        let marks = if is_trusted { quoted.vouched() } else { quoted.outside() };
        Called { result: self.shapes.labelled(&marks.into(), ret, &human.name), ..Called::default() }
    }

    fn split(&mut self, id: SplitId, call: &Call, args: &[Taint]) -> Called {
        let Some(split) = self.bundle.splits.get(id.index()) else { return Called::default() };
        self.demand_all(&call.args, args, Some(&split.params));
        if self.is_too_deep(Item::Split(id)) {
            let all = self.total_of_args(&call.args, args);
            return Called { result: all.outside().into(), sent: all, error: all, shown: Vec::new() };
        }
        let labelled = self.labelled_all(args, &split.params);
        let state = frame(&labelled);
        let mut all: Option<Called> = None;
        for arm in split.arms.iter().chain(&split.shadows) {
            let called = self.call(&arm.call, &mut Env::of_args(&state, labelled.len()));
            all = Some(match all {
                None => called,
                Some(all) => Called {
                    result: self.shapes.join(&all.result, &called.result),
                    sent: all.sent.join(called.sent),
                    error: all.error.join(called.error),
                    shown: Vec::new(),
                },
            });
        }
        all.unwrap_or_default()
    }

    fn subflow(&mut self, id: FlowId, call: &Call, args: &[Taint], ret: Labels) -> Called {
        let Some(flow) = self.bundle.flows.get(id.index()) else { return Called::default() };
        self.demand_all(&call.args, args, Some(&flow.params));
        let labelled = self.labelled_all(args, &flow.params);
        self.note_entry(id, &labelled);
        let summary = self.summary(id, &labelled);
        Called {
            result: self.shapes.labelled(&summary.result, ret, &flow.name),
            sent: summary.error.join(self.shapes.total(flow.ret, &summary.result)),
            error: summary.error,
            shown: summary.params,
        }
    }

    fn method(&mut self, id: ResourceId, method: Method, call: &Call, args: &[Taint]) -> Called {
        self.note_call(call, args, Marks::CLEAN);
        let given = self.total_of_args(&call.args, args);
        let result = match method {
            Method::MemoryAdd
            | Method::IndexPut
            | Method::CachePut
            | Method::EventsPut
            | Method::QueueAdd
            | Method::TopicEmit
            | Method::DatasetAdd => {
                self.store(id, given);
                Taint::default()
            }
            Method::SlotsFill => {
                self.store(id, given);
                let value = Taint::Whole(self.read(id));
                match self.shapes.record(call.ret) {
                    Some((record, _, _)) => Taint::Parts(record, [value, Taint::default()].into()),
                    None => value,
                }
            }
            Method::MemoryLast
            | Method::IndexSearch
            | Method::CacheGet
            | Method::EventsWait
            | Method::QueueTake => Taint::Whole(self.read(id)),
            Method::MemoryForget | Method::SlotsDrop => Taint::default(),
        };
        Called { result, ..Called::default() }
    }

    fn store(&mut self, id: ResourceId, marks: Marks) {
        let Some(known) = self.resources.get_mut(id.index()) else { return };
        let joined = known.join(Marks { untrusted: false, ..marks });
        self.changed |= joined != *known;
        *known = joined;
    }

    fn read(&self, id: ResourceId) -> Marks {
        self.resources.get(id.index()).copied().unwrap_or(Marks::CLEAN).outside()
    }
}

/// The slots that an expression reads, roots of its path first.
fn slots_of(expr: &Expr, out: &mut Vec<u32>) {
    match &expr.kind {
        ExprKind::Slot(slot) => out.push(slot.0),
        ExprKind::Field { base, .. } | ExprKind::Payload { base, .. } | ExprKind::Convert(base) => {
            slots_of(base, out);
        }
        ExprKind::Builtin { args, .. } | ExprKind::Call { args, .. } => {
            args.iter().for_each(|arg| slots_of(arg, out));
        }
        ExprKind::If(_, then, otherwise) => {
            slots_of(then, out);
            slots_of(otherwise, out);
        }
        ExprKind::Arith(_, left, right) => {
            slots_of(left, out);
            slots_of(right, out);
        }
        ExprKind::Let { value, body, .. } => {
            slots_of(value, out);
            slots_of(body, out);
        }
        _ => {}
    }
}
