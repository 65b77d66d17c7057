//! Flows that nobody writes by hand get an answer in bounded time.

use std::fmt::Write;

use super::sample::found;

const NODES: usize = 20_000;

/// Every node reads an early one, tests its own value, may fail to the handler.
#[test]
fn a_long_flow_is_checked_in_near_linear_time() {
    let mut source = String::from("flow f(p: Verdict): int {\n  -> n0\n  -> h on Error\n");
    for node in 0..NODES {
        let next = if node + 1 < NODES { format!("n{}", node + 1) } else { "return n0".to_owned() };
        let _ = write!(source, "\n  node n{node} = ask(p)\n    -> h when n{node} is Yes\n    -> {next}\n");
    }
    source.push_str("\n  node h = ask(p)\n    -> return h\n}\n");
    assert_eq!(found(&source), Vec::<String>::new());
}

/// Loops in loops, and names that are all misspelled.
#[test]
fn knots_and_typos_do_not_add_up() {
    let mut source = String::from("flow f(p: Verdict): int {\n  -> n0\n");
    for node in 0..2_000 {
        let back = 1_999 - node;
        let _ = write!(
            source,
            "\n  node n{node} = ask(p)\n    -> n{back} when n{node} is Yes max 2\n    -> zzzz{node}\n"
        );
    }
    source.push_str("}\n");
    let typos = found(&source).iter().filter(|line| line.ends_with("FL0202")).count();
    assert_eq!(typos, 2_000);
}
