use flow_ir::units::Usd;
use proptest::prelude::*;

use super::quantiles::{exceeded_by, p95};
use super::walk::{Arc, Graph, Solver};
use super::{Method, Most};

/// The dearest walk by trying all of them.
fn tried(graph: &Graph, weights: &[Most], at: usize, left: &mut Vec<u64>) -> u64 {
    let own = weights[at].get().unwrap();
    let mut best = 0;
    for arc in &graph.arcs[at] {
        let Some(to) = arc.to else { continue };
        if let Some(counter) = arc.counter {
            if left[counter] == 0 {
                continue;
            }
            left[counter] -= 1;
        }
        best = best.max(tried(graph, weights, to, left));
        if let Some(counter) = arc.counter {
            left[counter] += 1;
        }
    }
    own + best
}

/// Arrows that go on are free, those that go back are counted: so it ends.
fn graphs() -> impl Strategy<Value = (Graph, Vec<Most>)> {
    let arrows = prop::collection::vec((0_usize..6, 0_usize..6, 0_u64..3), 1..12);
    (arrows, prop::collection::vec(0_u64..50, 6)).prop_map(|(arrows, weights)| {
        let mut graph = Graph { arcs: vec![Vec::new(); 6], counters: Vec::new() };
        for (from, to, max) in arrows {
            let counter = (to <= from || max == 0).then(|| {
                graph.counters.push(max);
                graph.counters.len() - 1
            });
            graph.arcs[from].push(Arc { to: Some(to), counter });
        }
        (graph, weights.into_iter().map(Most::new).collect())
    })
}

proptest! {
    #[test]
    fn the_dearest_walk_is_found((graph, weights) in graphs()) {
        let dearest = Solver::new(&graph).dearest(&weights);
        let best = tried(&graph, &weights, 0, &mut graph.counters.clone());
        prop_assert_eq!(dearest.weight().get(), Some(best));
        prop_assert_eq!(dearest.method, Method::Walk);
        let spelled: u64 = dearest.visits.iter().map(|(vertex, times)| weights[*vertex].get().unwrap() * times).sum();
        prop_assert_eq!(spelled, best, "the way that is told is the one that was weighed");
    }

    #[test]
    fn many_counters_give_a_bound_from_above(weights in prop::collection::vec(1_u64..50, 12), max in 2_u64..40) {
        // Twelve vertices in a row, and a counted arrow back from each: far too many states.
        let row = |at: usize| {
            let on = Arc { to: (at < 11).then_some(at + 1), counter: None };
            let back = Arc { to: Some(at.saturating_sub(1)), counter: Some(at) };
            vec![on, back]
        };
        let graph = Graph { arcs: (0..12).map(row).collect(), counters: vec![max; 12] };
        let most: Vec<Most> = weights.iter().copied().map(Most::new).collect();
        let dearest = Solver::new(&graph).dearest(&most);
        prop_assert!(dearest.method != Method::Walk);
        // Every arrow back can be taken to its end in turn: from each vertex to the one before and on again.
        let mut walked: u64 = weights.iter().sum();
        for at in 0..12_usize {
            let before = at.saturating_sub(1);
            walked += max * (weights[before] + if at == before { 0 } else { weights[at] });
        }
        let bound = dearest.weight().get().unwrap();
        prop_assert!(bound >= walked, "{} < {}", bound, walked);
        prop_assert!(bound <= walked * 2, "{} is far above {}", bound, walked);
    }
}

#[test]
fn a_loop_without_a_counter_has_no_bound() {
    let arcs = vec![vec![Arc { to: Some(0), counter: None }]];
    let graph = Graph { arcs, counters: Vec::new() };
    assert_eq!(Solver::new(&graph).dearest(&[Most::new(1)]).weight().get(), None);
}

#[test]
fn a_long_row_needs_no_stack() {
    let arcs = (1..100_001).map(|to| vec![Arc { to: (to < 100_000).then_some(to), counter: None }]).collect();
    let graph = Graph { arcs, counters: Vec::new() };
    let weights = vec![Most::new(2); 100_000];
    assert_eq!(Solver::new(&graph).dearest(&weights).weight().get(), Some(200_000));
}

#[test]
fn declared_quantiles_are_met_and_rarer_ones_are_longer() {
    let declared = [(50, 500), (95, 1_500), (99, 4_000)];
    assert_eq!(exceeded_by(&declared, 0.05), Some(1_500));
    assert_eq!(exceeded_by(&declared, 0.01), Some(4_000));
    let between = exceeded_by(&declared, 0.025).unwrap();
    assert!((1_500..4_000).contains(&between), "{between}");
    assert!(exceeded_by(&declared, 0.001).unwrap() > 4_000);
    assert_eq!(exceeded_by(&[], 0.05), None);
}

/// Two steps: each may be late in one of forty runs.
#[test]
fn the_p95_of_a_row_is_more_than_the_sum_of_its_p95() {
    let declared = vec![(50, 500), (95, 1_500), (99, 4_000)];
    let one = |times| vec![(vec![declared.clone()], times)];
    assert_eq!(p95(&one(1)), Some(1_500));
    assert!(p95(&one(2)).unwrap() > 3_000);
    assert_eq!(p95(&[(vec![Vec::new()], 3)]), None);
}

#[test]
fn money_is_rounded_up_for_people() {
    let cases = [
        (157_001, "0.158 USD"),
        (100_000, "0.10 USD"),
        (4_201, "0.00421 USD"),
        (17, "0.000017 USD"),
        (3_101_000, "3.11 USD"),
        (0, "0.00 USD"),
    ];
    for (micros, text) in cases {
        assert_eq!(Usd(micros).short(), text);
    }
}
