//! Dominators against their definition: delete a vertex and look.

use proptest::prelude::*;

use super::Dominators;

fn reaches(next: &[Vec<u32>], to: u32, without: Option<u32>) -> bool {
    let mut seen = vec![false; next.len()];
    let mut todo = vec![0];
    while let Some(vertex) = todo.pop() {
        if Some(vertex) == without || std::mem::replace(&mut seen[vertex as usize], true) {
            continue;
        }
        todo.extend(&next[vertex as usize]);
    }
    seen[to as usize]
}

fn graph() -> impl Strategy<Value = Vec<Vec<u32>>> {
    (1..12_usize).prop_flat_map(|size| {
        proptest::collection::vec(proptest::collection::vec(0..size as u32, 0..4), size)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn a_dominator_cannot_be_deleted(next in graph()) {
        let tree = Dominators::new(&next);
        for below in 0..next.len() as u32 {
            prop_assert_eq!(tree.is_reachable(below), reaches(&next, below, None));
            for above in 0..next.len() as u32 {
                let expect = reaches(&next, below, None) && !reaches(&next, below, Some(above));
                prop_assert_eq!(tree.dominates(above, below), expect, "{} over {} in {:?}", above, below, next);
            }
        }
    }
}

#[test]
fn a_long_flow_with_a_handler_is_no_trouble() {
    let n = 100_000_u32;
    let mut next: Vec<Vec<u32>> = (0..n).map(|v| vec![v + 1, n + 1]).collect();
    next.extend([vec![n + 1], vec![]]);
    let tree = Dominators::new(&next);
    assert!(tree.dominates(n / 2, n) && !tree.dominates(1, n + 1) && tree.dominates(0, n + 1));
}
