//! What stands in each section.

use flow_compiler::Output;
use flow_compiler::Sink;
use flow_ir::expr::{Expr, ExprKind, Part};
use flow_ir::flow::{Trigger, TriggerSource};
use flow_ir::setup::{Callee, Effect, Tool, Transport};
use flow_ir::types::{Field, Type};
use flow_ir::{Bundle, FlowId};

use super::{Entry, Section};
use crate::graph::text;

/// All sections.
pub(super) fn sections(output: &Output) -> Vec<Section> {
    let section = |id, title, question, entries| Section { id, title, question, entries };
    vec![
        section(
            "entries",
            "Entries",
            "who may start a run, and what is said to be trusted there?",
            entries(output),
        ),
        section("trust", "Trust", "does each of these deserve to vouch for a value?", trust(output)),
        section("people", "People", "who approves, and what do they see?", people(output)),
        section("sensitive", "Sensitive effects", "is each behind the right approval?", sensitive(output)),
        section("writes", "Writes", "may the package change these?", writes(output)),
        section("pii", "Personal data", "where does it come from, and where does it go?", personal(output)),
        section("secrets", "Secrets", "who holds which key?", secrets(output)),
        section("models", "Models", "where do they run, and what can they do?", models(output)),
        section("outside", "Outside", "what is reached beyond the package?", outside(output)),
    ]
}

fn entries(output: &Output) -> Vec<Entry> {
    let bundle = &output.bundle;
    let triggers = bundle.triggers.iter().map(|trigger| {
        let vouched = match trigger.target {
            Callee::Flow(id) => {
                bundle.flow(id).map(|flow| trusted_in(bundle, &flow.params)).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let anybody = trigger.allow.is_empty() && matches!(trigger.source, TriggerSource::Http(..));
        let allow: Vec<String> = trigger.allow.iter().map(ToString::to_string).collect();
        Entry::new("on", source(bundle, trigger))
            .fact("starts", [text::callee(bundle, trigger.target)])
            .fact("by", if anybody { vec!["anybody".to_owned()] } else { allow })
            .fact("trusts", vouched)
    });
    let public = bundle.flows.iter().zip(0_u32..).filter(|(flow, id)| {
        let is_triggered = bundle.triggers.iter().any(|trigger| trigger.target == Callee::Flow(FlowId(*id)));
        flow.public && !is_triggered
    });
    let flows = public.map(|(flow, _)| {
        Entry::new("flow", flow.name.as_str()).fact("trusts", trusted_in(bundle, &flow.params))
    });
    triggers.chain(flows).collect()
}

fn source(bundle: &Bundle, trigger: &Trigger) -> String {
    match &trigger.source {
        TriggerSource::Http(method, path) => format!("http.{} {path}", format!("{method:?}").to_lowercase()),
        TriggerSource::Queue(name) => format!("queue {name}"),
        TriggerSource::Broker(name) => format!("broker {name}"),
        TriggerSource::Cron(schedule, zone) => format!("cron {schedule} {zone}"),
        TriggerSource::Resource(id) => {
            bundle.resources.get(id.index()).map_or(String::new(), |resource| resource.name.to_string())
        }
    }
}

/// The fields that are declared `trusted`, in parameters and what they hold.
fn trusted_in(bundle: &Bundle, params: &[Field]) -> Vec<String> {
    let mut found = bundle.labelled_fields(params, &|field| field.labels.trusted);
    found.sort();
    found.dedup();
    found
}

fn trust(output: &Output) -> Vec<Entry> {
    let bundle = &output.bundle;
    let checks = bundle.checks.iter().filter(|check| check.trusted).map(|check| {
        let rules = check.needs.iter().map(|need| literal(&need.message));
        Entry::new("check", check.name.as_str())
            .fact("refuses if", rules.collect::<Vec<_>>())
            .fact("used in", places(bundle, |callee| is_check(bundle, callee, &check.name)))
    });
    let roles = output.manifest.roles.iter().filter(|role| role.trusted);
    let roles = roles.map(|role| Entry::new("role", role.name.as_str()).fact("vouches for", ["its answers"]));
    checks.chain(roles).collect()
}

fn is_check(bundle: &Bundle, callee: Callee, name: &str) -> bool {
    match callee {
        Callee::Check(id) => bundle.checks.get(id.index()).is_some_and(|check| check.name == name),
        _ => false,
    }
}

/// The nodes that call something, as `flow.node`.
fn places(bundle: &Bundle, wanted: impl Fn(Callee) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for flow in &bundle.flows {
        for node in flow.nodes.iter().filter(|node| node.work.calls().any(|call| wanted(call.callee))) {
            found.push(format!("{}.{}", flow.name, node.name));
        }
    }
    found
}

fn people(output: &Output) -> Vec<Entry> {
    let bundle = &output.bundle;
    let entry = |(human, id): (&flow_ir::setup::Human, u32)| {
        let variants: Vec<String> = match bundle.ty(human.ret) {
            Type::Enum(body) => {
                let of =
                    |index: &u32| body.variants.get(*index as usize).map(|variant| variant.name.to_string());
                human.approves.iter().filter_map(of).collect()
            }
            _ => Vec::new(),
        };
        let role = human
            .role
            .as_deref()
            .and_then(|name| output.manifest.roles.iter().find(|role| role.name == name));
        let quorum = (human.quorum > 1).then(|| human.quorum.to_string());
        let callee = Callee::Human(flow_ir::HumanId(id));
        Entry::new("human", human.name.as_str())
            .fact("role", human.role.as_deref())
            .fact("sees", role.map(|role| role.sees.clone()).unwrap_or_default())
            .fact("approves with", variants)
            .fact("people needed", quorum)
            .fact("asked in", places(bundle, |other| other == callee))
    };
    bundle.humans.iter().zip(0_u32..).map(entry).collect()
}

fn sensitive(output: &Output) -> Vec<Entry> {
    tools(output, Effect::Sensitive)
        .map(|(tool, callee)| {
            let used = places(&output.bundle, |other| other == callee);
            effect(tool, used).fact("approved in", approvals(&output.bundle, callee))
        })
        .collect()
}

fn writes(output: &Output) -> Vec<Entry> {
    let used = |(tool, callee)| effect(tool, places(&output.bundle, |other| other == callee));
    tools(output, Effect::Write).map(used).collect()
}

fn tools(output: &Output, wanted: Effect) -> impl Iterator<Item = (&Tool, Callee)> {
    let all = output.bundle.tools.iter().zip(0_u32..);
    all.filter(move |(tool, _)| tool.effect == wanted)
        .map(|(tool, id)| (tool, Callee::Tool(flow_ir::ToolId(id))))
}

fn effect(tool: &Tool, used: Vec<String>) -> Entry {
    let needs: Vec<String> = tool.needs.iter().map(ToString::to_string).collect();
    Entry::new("tool", tool.name.as_str()).fact("needs", needs).fact("used in", used)
}

/// The nodes whose clearing edges stand in flows that call the tool.
fn approvals(bundle: &Bundle, tool: Callee) -> Vec<String> {
    let mut found = Vec::new();
    for flow in &bundle.flows {
        let calls_it = |node: &flow_ir::flow::Node| node.work.calls().any(|call| call.callee == tool);
        if !flow.nodes.iter().any(calls_it) {
            continue;
        }
        for node in &flow.nodes {
            let calls: Vec<_> = node.work.calls().collect();
            let cleared = node.edges.iter().flat_map(|edge| &edge.clears);
            let mut who: Vec<String> = cleared
                .filter_map(|index| calls.get(*index as usize))
                .map(|call| format!("{}.{} by {}", flow.name, node.name, text::callee(bundle, call.callee)))
                .collect();
            who.sort();
            who.dedup();
            found.extend(who);
        }
    }
    found
}

fn personal(output: &Output) -> Vec<Entry> {
    let bundle = &output.bundle;
    let mut declared: Vec<String> = Vec::new();
    let records = bundle.types.iter().filter_map(|ty| match ty {
        Type::Record(record) => Some((&record.name, record.fields.as_slice())),
        _ => None,
    });
    for (owner, fields) in records {
        declared.extend(own(fields, owner, |field| field.labels.pii));
    }
    for flow in &bundle.flows {
        declared.extend(own(&flow.params, &flow.name, |field| field.labels.pii));
    }
    declared.sort();
    declared.dedup();
    let from = declared.into_iter().map(|name| Entry::new("from", name));
    let to = output.sinks.iter().filter(|sink| sink.sent.pii).map(|sink| {
        Entry::new("to", text::callee(bundle, sink.callee))
            .fact("in", place(bundle, sink))
            .fact("region", regions(bundle, sink))
    });
    from.chain(to).collect()
}

fn own(fields: &[Field], owner: &str, wanted: impl Fn(&Field) -> bool) -> Vec<String> {
    fields.iter().filter(|field| wanted(field)).map(|field| format!("{owner}.{}", field.name)).collect()
}

fn place(bundle: &Bundle, sink: &Sink) -> Option<String> {
    let flow = bundle.flow(sink.flow)?;
    Some(format!("{}.{}", flow.name, flow.nodes.get(sink.node.index())?.name))
}

fn regions(bundle: &Bundle, sink: &Sink) -> Vec<String> {
    let named = |region: &Option<smol_str::SmolStr>| region.as_deref().unwrap_or("not said").to_owned();
    match sink.callee {
        Callee::Prompt(_) => {
            let mut found: Vec<String> = Vec::new();
            let mut todo: Vec<_> = sink.model.into_iter().collect();
            let mut seen = Vec::new();
            while let Some(id) = todo.pop() {
                let Some(model) = bundle.models.get(id.index()).filter(|_| !seen.contains(&id)) else {
                    continue;
                };
                seen.push(id);
                todo.extend(&model.fallback);
                found.push(named(&model.region));
            }
            found.sort();
            found.dedup();
            found
        }
        Callee::Tool(id) => {
            bundle.tools.get(id.index()).map(|tool| named(&tool.region)).into_iter().collect()
        }
        Callee::Method(id, _) => {
            bundle.resources.get(id.index()).map(|resource| named(&resource.region)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn secrets(output: &Output) -> Vec<Entry> {
    let bundle = &output.bundle;
    let tools = bundle.tools.iter().filter_map(|tool| {
        Some(Entry::new("tool", tool.name.as_str()).fact("key", [tool.auth.as_ref()?.as_str()]))
    });
    let models = bundle.models.iter().map(|model| {
        let key = model.auth.as_deref().unwrap_or("the provider's default");
        Entry::new("model", model.name.as_str()).fact("key", [key])
    });
    let values =
        bundle.tools.iter().flat_map(|tool| own(&tool.params, &tool.name, |field| field.labels.secret));
    tools.chain(models).chain(values.map(|name| Entry::new("parameter", name))).collect()
}

fn models(output: &Output) -> Vec<Entry> {
    let bundle = &output.bundle;
    let entry = |model: &flow_ir::setup::Model| {
        let next = model.fallback.iter().filter_map(|id| bundle.models.get(id.index()));
        Entry::new("model", model.name.as_str())
            .fact("provider", [format!("{:?} {}", model.provider, model.id).to_lowercase()])
            .fact("region", [model.region.as_deref().unwrap_or("not said")])
            .fact("can", model.can.iter().map(|capability| format!("{capability:?}")))
            .fact("falls back to", next.map(|model| model.name.to_string()))
    };
    let models = bundle.models.iter().map(entry);
    let prompts = bundle.prompts.iter().filter(|prompt| !prompt.tools.is_empty()).map(|prompt| {
        let given = prompt.tools.iter().map(|tool| match tool {
            flow_ir::setup::PromptTool::Tool(id) => text::callee(bundle, Callee::Tool(*id)),
            flow_ir::setup::PromptTool::Method(id, method) => {
                text::callee(bundle, Callee::Method(*id, *method))
            }
        });
        Entry::new("prompt", prompt.name.as_str()).fact("may call by itself", given)
    });
    models.chain(prompts).collect()
}

fn outside(output: &Output) -> Vec<Entry> {
    let bundle = &output.bundle;
    let tools = bundle.tools.iter().map(|tool| {
        let (kind, address) = match &tool.transport {
            Transport::Http { url, .. } => ("http", literal(url)),
            Transport::Command { program, .. } => ("command", program.to_string()),
            Transport::Mcp { server, tool, .. } => ("mcp", format!("{server} {tool}")),
            Transport::Wasm { file, export } => ("wasm", format!("{file} {export}")),
        };
        Entry::new(kind, address).fact("for", [tool.name.as_str()])
    });
    let models = bundle.models.iter().filter_map(|model| {
        Some(Entry::new("model", model.address.as_ref()?.as_str()).fact("for", [model.name.as_str()]))
    });
    let shared = bundle.resources.iter().filter(|resource| resource.shared);
    let shared =
        shared.map(|resource| Entry::new("shared", resource.name.as_str()).fact("seen by", ["all tenants"]));
    let egress = output.manifest.egress.iter().map(|host| Entry::new("egress", host.as_str()));
    tools.chain(models).chain(shared).chain(egress).collect()
}

/// A text with `…` for what is filled in.
fn literal(url: &Expr) -> String {
    match &url.kind {
        ExprKind::Const(flow_ir::expr::Const::Text(text)) => text.to_string(),
        ExprKind::Template(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Hole(..) | Part::Each { .. } | Part::If { .. } => "…",
            })
            .collect(),
        _ => "…".to_owned(),
    }
}
