//! The bound is sound and tight: random flows are walked for real, with a provider that bills.
//!
//! Flows are generated as text, compiled, and walked by the real machine and the real performer; only the world
//! is made up. In one experiment attempts fail, answers do not fit, tools are asked for and texts are as nasty as
//! chance has it: no run may cost more than its flow's bound. In the other the world does its worst along the way
//! that the bound spells out, where that way does not depend on texts: the run must cost exactly the bound.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

#[path = "bounds/generate.rs"]
mod generate;
#[path = "bounds/script.rs"]
mod script;
#[path = "bounds/world.rs"]
mod world;

use std::sync::Arc;

use flow_compiler::bounds::Bounds;
use flow_compiler::{PackageInput, check};
use flow_eval::Value;
use flow_ir::{Bundle, FlowId};
use flow_policy::breaker::Forced;
use flow_runtime::Program;
use flow_runtime::clock::VirtualClock;
use flow_runtime::effects::{Performer, Surroundings};
use flow_runtime::home::local::{Driver, Ended, Runner};
use flow_runtime::protocol::RunHeader;
use flow_store::LocalStore;

use generate::Package;
use world::{Mode, World};

/// Flows that are walked by chance.
const FLOWS: usize = 10_000;

/// Flows that are walked along their dearest way.
const EXACT_FLOWS: usize = 3_000;

/// Flows of one package: what a package takes to compile is shared.
const IN_A_PACKAGE: usize = 50;

fn compiled(package: &Package, seed: u64) -> Bundle {
    let file = ("main.flow".to_owned(), vec!["main".to_owned()], package.text.clone());
    let checked = check(&PackageInput { manifest: None, files: vec![file] });
    match checked.output.map(|output| output.bundle).or(checked.over_limit) {
        Some(bundle) => bundle,
        None => {
            let first = checked.diagnostics.iter().find(|found| found.is_error());
            let line = first.map(|found| checked.sources.line_column(found.primary.span).line);
            panic!("seed {seed} line {line:?}: {first:?}\n{}", package.text)
        }
    }
}

struct Lab {
    world: Arc<World>,
    program: Arc<Program>,
    performer: Performer,
    runtime: tokio::runtime::Runtime,
    runs: u64,
}

impl Lab {
    fn new(bundle: Bundle) -> Self {
        let program = Program::new(bundle.clone());
        let world = Arc::new(World::new(&bundle));
        let with = Surroundings {
            bundle: Arc::new(bundle),
            outside: Arc::clone(&world) as Arc<_>,
            people: Arc::clone(&world) as Arc<_>,
            store: LocalStore::in_memory(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { world, program, performer: Performer::new(with), runtime, runs: 0 }
    }

    fn run(&mut self, flow: usize, args: Vec<Value>, mode: Mode) -> Ended {
        self.runs += 1;
        self.world.set(mode);
        let header = RunHeader {
            run: format!("run-{}", self.runs).into(),
            tenant: "t".into(),
            user: "".into(),
            flow: FlowId(u32::try_from(flow).unwrap()),
            args,
            started_ms: 0,
            seed: self.runs,
            paused: Vec::new(),
        };
        let mut driver = self.driver();
        driver.start(Arc::new(header), None);
        self.runtime.block_on(driver.next()).unwrap()
    }

    /// A process of its own, in which nobody has failed yet. Breakers are held closed: an operator may do that, and
    /// then every attempt that the bound counts is made.
    fn driver(&self) -> Driver {
        let performer = self.performer.with_fresh_gates();
        for target in performer.registry().states(0).breakers.into_keys() {
            let closed = Forced { open: false, reason: "the bound holds without breakers".to_owned() };
            assert!(performer.registry().force(&target, Some(closed)));
        }
        let clock = Arc::new(VirtualClock::starting_at(0));
        Driver::new(Runner { program: Arc::clone(&self.program), effects: Arc::new(performer), clock })
    }
}

/// Packages until there are enough flows of a kind.
fn packages(flows: usize, exact: bool, mut each: impl FnMut(u64, &Package, &Bounds, &mut Lab)) {
    for seed in 0..(flows / IN_A_PACKAGE) as u64 {
        let mut random = fastrand::Rng::with_seed(seed * 2 + u64::from(exact));
        let package = generate::package(&mut random, IN_A_PACKAGE, exact);
        let bundle = compiled(&package, seed);
        let bounds = Bounds::of(&bundle);
        assert_eq!(bounds.flows.len(), package.flows.len());
        each(seed, &package, &bounds, &mut Lab::new(bundle));
    }
}

fn cost(ended: &Ended) -> u64 {
    u64::try_from(ended.usage.cost.0).unwrap()
}

#[test]
fn no_run_costs_more_than_its_bound() {
    let (mut runs, mut paid) = (0, 0);
    packages(FLOWS, false, |seed, package, bounds, lab| {
        let mut random = fastrand::Rng::with_seed(seed);
        for (index, flow) in package.flows.iter().enumerate() {
            let mode = Mode::Random(fastrand::Rng::with_seed(random.u64(..)));
            let ended = lab.run(index, generate::arguments(&mut random), mode);
            let bound = &bounds.flows[index];
            let (found, most) = (cost(&ended), bound.worst.cost.get().unwrap());
            assert!(
                found <= most,
                "seed {seed}, `{}`: {found} > {most}\n{bound:#?}\n{}",
                flow.name,
                package.text
            );
            let tokens = ended.usage.input_tokens + ended.usage.output_tokens;
            assert!(tokens <= bound.worst.tokens.get().unwrap(), "seed {seed}, `{}`: tokens", flow.name);
            runs += 1;
            paid += usize::from(found > 0);
        }
    });
    assert_eq!(runs, FLOWS);
    assert!(paid * 2 > runs, "only {paid} of {runs} runs cost anything");
}

#[test]
fn the_worst_outcomes_reach_the_bound() {
    let (mut runs, mut reached, mut looped) = (0, 0, 0);
    let mut first_miss = None;
    packages(EXACT_FLOWS, true, |seed, package, bounds, lab| {
        for (index, flow) in package.flows.iter().enumerate() {
            let Some(plan) = script::worst(package, index, bounds) else { continue };
            let bound = &bounds.flows[index];
            let ended = lab.run(index, generate::plain_arguments(), Mode::Worst(plan));
            let (found, most) = (cost(&ended), bound.worst.cost.get().unwrap());
            assert!(found <= most, "seed {seed}, `{}`: {found} > {most}\n{}", flow.name, package.text);
            runs += 1;
            reached += usize::from(found == most);
            looped += usize::from(bound.path.iter().any(|share| share.times > 1));
            if found != most && first_miss.is_none() {
                first_miss = Some(format!("seed {seed}, `{}`: {found} of {most}, {ended:?}", flow.name));
            }
        }
    });
    assert!(runs * 10 > EXACT_FLOWS * 8, "only {runs} ways could be walked");
    assert!(looped * 4 > runs, "only {looped} of {runs} ways go round a loop");
    assert!(
        reached * 100 >= runs * 95,
        "{reached} of {runs} reach it; the first that does not: {first_miss:?}"
    );
}
