//! Packages of random flows: those that check clean, and what becomes of them without a clearing edge.

use std::sync::Arc;

use flow_compiler::{PackageInput, Sink, check};
use flow_ir::flow::{Flow, Target};
use flow_ir::setup::{Callee, Effect};
use flow_ir::{Bundle, FlowId, ToolId};
use flow_runtime::Program;

use super::flows::{Dice, WORLD, flow};
use super::run::Sunk;

const MANIFEST: &str =
    "[package]\nname = \"random\"\nflow = \"0.1\"\n\n[roles]\nagent = { trusted = true }\n";

/// A package without errors.
pub(crate) struct Checked {
    pub(crate) program: Arc<Program>,
    pub(crate) sinks: Vec<Sink>,
    /// Every public flow with its text.
    pub(crate) flows: Vec<(FlowId, String)>,
    effect: &'static str,
}

impl Checked {
    pub(crate) fn bundle(&self) -> &Bundle {
        self.program.bundle()
    }

    pub(crate) fn tool(&self, name: &str) -> ToolId {
        let index = self.bundle().tools.iter().position(|tool| tool.name == name).unwrap();
        ToolId(index as u32)
    }

    /// What the compiler says about the values that leave there.
    pub(crate) fn labels(&self, sunk: &Sunk) -> Option<&Sink> {
        self.sinks.iter().find(|sink| (sink.flow, sink.node, sink.call) == (sunk.flow, sunk.node, sunk.call))
    }
}

fn input(flows: &[String], effect: &str) -> (PackageInput, Vec<u32>) {
    let mut text = WORLD.replace("EFFECT", effect);
    let mut starts = Vec::new();
    for flow in flows {
        starts.push(text.len() as u32);
        text.push_str(flow);
    }
    let files = vec![("main.flow".to_owned(), vec!["main".to_owned()], text)];
    (PackageInput { manifest: Some(("flow.toml".into(), MANIFEST.into())), files }, starts)
}

/// For each flow the codes of its errors.
fn errors(checked: &flow_compiler::Checked, starts: &[u32]) -> Vec<Vec<&'static str>> {
    let mut found = vec![Vec::new(); starts.len()];
    for error in checked.diagnostics.iter().filter(|found| found.is_error()) {
        let at = starts.partition_point(|start| *start <= error.primary.span.start);
        assert!(at > 0, "the world itself is wrong: {}", error.message);
        found[at - 1].push(error.code.number);
    }
    found
}

/// Random flows, those that check clean.
pub(crate) fn clean_flows(dice: &mut Dice, count: usize, effect: &'static str) -> Checked {
    let mut flows: Vec<String> = (0..count).map(|index| flow(dice, index)).collect();
    loop {
        let (input, starts) = input(&flows, effect);
        let checked = check(&input);
        if let Some(output) = checked.output {
            let public = output.bundle.flows.iter().zip(0_u32..).filter(|(flow, _)| flow.public);
            let ids: Vec<FlowId> = public.map(|(_, id)| FlowId(id)).collect();
            let flows = ids.into_iter().zip(flows).collect();
            return Checked { program: Program::new(output.bundle), sinks: output.sinks, flows, effect };
        }
        let bad = errors(&checked, &starts);
        let mut is_clean = bad.iter().map(Vec::is_empty);
        flows.retain(|_| is_clean.next().unwrap());
    }
}

/// A flow of which one clearing edge no longer clears.
pub(crate) struct Mutant {
    pub(crate) text: String,
    pub(crate) is_reported: bool,
}

/// Every arrow `when … is Approve` taken on another answer instead, every check that vouches replaced by one that does
/// not: one at a time, where something sensitive is reached behind it without another clearing edge.
pub(crate) fn without_clearing_edges(checked: &Checked) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (id, text) in &checked.flows {
        let flow = checked.bundle().flow(*id).unwrap();
        // The private flow of the text stands before the public one.
        let public = text.find("pub flow").unwrap();
        for (at, node) in flow.nodes.iter().enumerate() {
            let Some(start) = text[public..].find(&format!("node n{at}(")).map(|start| start + public) else {
                continue;
            };
            let end = text[start..].find("\n\n").map_or(text.len(), |end| start + end);
            let own = &text[start..end];
            let (changed, edges): (String, Vec<usize>) =
                match node.work.calls().next().map(|call| call.callee) {
                    Some(Callee::Check(_)) if own.contains("= vet(") => {
                        (own.replace("= vet(", "= same("), (0..node.edges.len()).collect())
                    }
                    Some(Callee::Human(_)) if own.contains("is Approve") => {
                        (own.replacen("is Approve", "is Reject", 1), vec![0])
                    }
                    _ => continue,
                };
            let cleared = edges.into_iter().filter(|edge| !node.edges[*edge].clears.is_empty());
            let starts: Vec<usize> = cleared.filter_map(|edge| target(&node.edges[edge].to)).collect();
            if is_reachable(flow, at) && leads_to_sensitive(checked.bundle(), flow, starts) {
                mutants.push(format!("{}{changed}{}", &text[..start], &text[end..]));
            }
        }
    }
    judge(mutants, checked.effect)
}

fn judge(texts: Vec<String>, effect: &str) -> Vec<Mutant> {
    // One package: names of flows must differ.
    let renamed: Vec<String> = texts.iter().enumerate().map(|(index, text)| rename(text, index)).collect();
    let (input, starts) = input(&renamed, effect);
    let bad = errors(&check(&input), &starts);
    let is_approval = |code: &&str| code.starts_with("FL070");
    let judge =
        |(text, codes): (String, Vec<&str>)| Mutant { text, is_reported: codes.iter().any(is_approval) };
    texts.into_iter().zip(bad).map(judge).collect()
}

/// The flows `fN` and `gN` of a text with another number.
fn rename(text: &str, index: usize) -> String {
    let name = text.split("pub flow f").nth(1).unwrap();
    let old: String = name.chars().take_while(char::is_ascii_digit).collect();
    let call = |letter: char| format!("{letter}{old}(");
    text.replace(&call('f'), &format!("f{index}(")).replace(&call('g'), &format!("g{index}("))
}

fn target(target: &Target) -> Option<usize> {
    match target {
        Target::Node(node, _) => Some(node.index()),
        Target::Return(_) | Target::Fail(_) => None,
    }
}

/// Whether a node is reached without any clearing edge at all, so that what follows from it is judged by its own
/// edges alone.
fn is_reachable(flow: &Flow, wanted: usize) -> bool {
    let starts = flow.entry.iter().filter_map(|edge| target(&edge.to)).collect();
    reach(flow, starts).contains(&wanted)
}

fn leads_to_sensitive(bundle: &Bundle, flow: &Flow, starts: Vec<usize>) -> bool {
    reach(flow, starts).into_iter().any(|node| {
        flow.nodes[node].work.calls().any(|call| match call.callee {
            Callee::Tool(id) => bundle.tools[id.index()].effect == Effect::Sensitive,
            _ => false,
        })
    })
}

/// The nodes that are reached without a clearing edge, these included.
fn reach(flow: &Flow, mut todo: Vec<usize>) -> Vec<usize> {
    let mut found = Vec::new();
    while let Some(node) = todo.pop() {
        if found.contains(&node) {
            continue;
        }
        found.push(node);
        let uncleared = flow.nodes[node].edges.iter().filter(|edge| edge.clears.is_empty());
        todo.extend(uncleared.filter_map(|edge| target(&edge.to)));
    }
    found
}
