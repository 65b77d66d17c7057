use std::collections::BTreeSet;

use super::*;

#[test]
fn keys_are_equal_for_equal_places_only() {
    let place = |frame, node, visit, branch| Place { frame, node: NodeId(node), visit, branch };
    let mut keys = BTreeSet::new();
    for run in ["a", "b"] {
        for bits in 0..16u32 {
            let bit = |n: u32| bits >> n & 1;
            let here = place(bit(0), bit(1), bit(2), bit(3));
            let key = IdempotencyKey { run: run.into(), place: here };
            assert_eq!(key.to_string(), key.to_string());
            keys.insert(key.to_string());
        }
    }
    assert_eq!(keys.len(), 32);
}

#[test]
fn draws_are_spread_and_sticky() {
    let below = (0..10_000).filter(|n| sticky_draw(&n.to_string(), "tone") < 500).count();
    assert!((400..600).contains(&below), "{below}");
    assert_eq!(sticky_draw("anna", "tone"), sticky_draw("anna", "tone"));
    assert_ne!(sticky_draw("anna", "tone"), sticky_draw("anna", "length"));
}

#[test]
fn run_names_sort_by_time() {
    let first = new_run_id();
    assert_eq!(first.len(), 36);
    assert!(first <= new_run_id());
}
