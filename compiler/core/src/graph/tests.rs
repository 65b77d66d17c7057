//! The checks on small flows, and the analyses against their definitions on random ones.

mod random;
mod sample;
mod size;

use sample::found;

/// Compares what is reported for a flow, as `line code`, with what is expected.
#[track_caller]
fn check(source: &str, expect: &[&str]) {
    let found = found(source);
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expect, "in\n{source}");
}

#[test]
fn shape() {
    check("flow f(): int {\n  -> a\n  node a = ask()\n    -> return a\n}\n", &[]);
    check("flow f(): int {\n  -> a\n  node a = ask()\n}\n", &["3 FL0201", "3 FL0303"]);
    check("flow f(): int {\n  -> aa\n  node a = ask()\n    -> return a\n}\n", &["2 FL0202"]);
    check(
        "flow f(): int {\n  -> return 1\n  node a = ask()\n    -> b\n  node b = ask()\n    -> return a\n}\n",
        // What only a lost node leads to is no mistake of its own.
        &["3 FL0203"],
    );
    check("flow f(): int {\n  node a = ask()\n    -> return a\n}\n", &["1 FL0207"]);
    check("flow f(): int {\n  -> a\n  node a = ask()\n    -> fail \"no\"\n}\n", &["1 FL0210", "3 FL0303"]);
}

#[test]
fn a_hole_in_the_graph_hides_what_may_follow_from_it() {
    check("flow f(): int {\n  -> nowhere\n  node a = ask()\n    -> return a\n}\n", &["2 FL0202"]);
}

#[test]
fn edges_are_taken_in_order() {
    let flow = |edges: &str| format!("flow f(v: Verdict): int {{\n  -> a\n  node a = judge(v)\n{edges}}}\n");
    check(&flow("    -> return a\n    -> return 2\n"), &["5 FL0204"]);
    check(&flow("    -> return a when a is Yes\n    -> return 2 when a is No\n"), &[]);
    check(&flow("    -> return a when a is Yes\n"), &["4 FL0205"]);
    check(&flow("    -> return a when a is Yes\n    -> return 2 when a is No max 2\n"), &["5 FL0205"]);
    check(&flow("    -> return a when v is Yes and a is Yes\n    -> return 2 when a is No\n"), &["5 FL0205"]);
    check(
        &flow("    -> return a when a is Yes\n    -> return 2 when a is No\n    -> return 3\n"),
        &["6 FL0204"],
    );
    check(
        &flow("    -> return a when a is Yes\n    -> return 2 when a is Yes\n    -> return 3\n"),
        &["5 FL0204"],
    );
    check(&flow("    -> return a max 2\n"), &["4 FL0205"]);
    check(&flow("    -> return a\n    -> return 2 on Error\n    -> return 3 on Timeout\n"), &["6 FL0204"]);
}

#[test]
fn what_is_known_upstream_contradicts_conditions() {
    check(
        "flow f(v: Verdict): int {\n  -> a when v is Yes\n  -> return 0\n  node a = judge(v)\n    -> return 1 when v is No\n    -> return a\n}\n",
        &["5 FL0204"],
    );
}

#[test]
fn arguments_of_edges() {
    let flow = |edge: &str| {
        format!(
            "flow f(): int {{\n  -> a\n  node a = ask()\n    -> {edge}\n  node b(x: int) = use(x, a)\n    -> return b\n}}\n"
        )
    };
    check(&flow("b(a)"), &[]);
    check(&flow("b(x: a)"), &[]);
    check(&flow("b"), &["4 FL0206"]);
    check(&flow("b(a, a)"), &["4 FL0206"]);
    check(&flow("b(y: a)"), &["4 FL0206"]);
}

#[test]
fn names() {
    check("flow f(a: int): int {\n  -> a\n  node a = use(a)\n    -> return a\n}\n", &["3 FL0004"]);
    check(
        "flow f(): int {\n  -> a(1)\n  node a(x: int) = use(x)\n    -> b(a)\n  node b(x: int) = use(x)\n    -> return b\n}\n",
        &["5 FL0004"],
    );
    check(
        "flow f(v: Verdict): int {\n  -> a(1) when v is Yes\n  -> b(2)\n  node a(x: int) = use(x)\n    -> return a\n  node b(x: int) = use(x)\n    -> return b\n}\n",
        &[],
    );
}

#[test]
fn loops() {
    check(
        "flow f(): int {\n  -> a(1)\n  node a(x: int) = use(x)\n    -> b when a is Yes\n    -> return a\n  node b = use(a)\n    -> a(b)\n}\n",
        &["7 FL0401"],
    );
    check(
        "flow f(): int {\n  -> a(1)\n  node a(x: int) = use(x)\n    -> b when a is Yes max 2\n    -> return a\n  node b = use(a)\n    -> a(b)\n}\n",
        &[],
    );
    check(
        "flow f(): int {\n  -> a\n  node a = judge(1)\n    -> a when a is Yes\n    -> return a\n}\n",
        &["4 FL0401"],
    );
    check(
        "flow f(): int {\n  -> a\n  node a = judge(1)\n    -> return a\n    -> a on Error\n}\n",
        &["5 FL0401"],
    );
}

#[test]
fn values_that_may_be_missing() {
    // Not every way has produced it.
    check(
        "flow f(v: Verdict): int {\n  -> a when v is Yes\n  -> b\n  node a = ask()\n    -> b\n  node b = use(a)\n    -> return b\n}\n",
        &["6 FL0301"],
    );
    // It failed.
    check(
        "flow f(): int {\n  -> a\n  node a = ask()\n    -> return a\n    -> return a on Error\n}\n",
        &["5 FL0302"],
    );
    check(
        "flow f(): int {\n  -> a\n  node a = ask()\n    -> b\n    -> b on Error\n  node b = use(a)\n    -> return b\n}\n",
        &["6 FL0302"],
    );
    // A parameter is visible wherever its node dominates.
    check(
        "flow f(): int {\n  -> a(1)\n  node a(x: int) = use(x)\n    -> b\n  node b = use(x)\n    -> return use(a, b)\n}\n",
        &[],
    );
    check("flow f(): int {\n  -> a\n  node a = use(a)\n    -> return a\n}\n", &["3 FL0301"]);
    check(
        "flow f(): int {\n  -> a\n  node a = judge(1)\n    -> a when visits(a) < 3 max 3\n    -> return a\n}\n",
        &[],
    );
}

#[test]
fn handlers() {
    // Implicit edges: `b` is reached from a failed `a`.
    check(
        "flow f(): int {\n  -> a\n  -> b on Error\n  node a = ask()\n    -> return a\n  node b = use(a)\n    -> return b\n}\n",
        &["6 FL0302"],
    );
    check(
        "flow f(): int {\n  -> a\n  -> b on Error\n  node a = ask()\n    -> return a\n  node b = use(1)\n    -> a\n}\n",
        &["7 FL0209"],
    );
    check(
        "flow f(): int {\n  -> a\n  -> h on Error\n  node a = ask()\n    -> b\n  node b = use(a)\n    -> return b\n  node h = use(1)\n    -> c(h)\n  node c(x: int) = use(x)\n    -> return c\n}\n",
        &[],
    );
    check(
        "flow f(): int {\n  -> a\n  -> h on Error\n  node a = ask()\n    -> b(a)\n  node b(x: int) = use(x)\n    -> return b\n  node h = use(1)\n    -> b(h)\n}\n",
        &["9 FL0213"],
    );
}

#[test]
fn unused_values() {
    check("flow f(x: int): int {\n  -> a\n  node a = ask()\n    -> return 1\n}\n", &["1 FL0305", "3 FL0303"]);
    check(
        "flow f(): int {\n  -> a\n  node a = person()\n    -> return 1 when a is Yes\n    -> return 2\n}\n",
        &["3 FL0306"],
    );
    check(
        "flow f(): int {\n  -> a\n  node a = person()\n    -> fail a.why when a is No\n    -> return 2\n}\n",
        &[],
    );
    check(
        "flow f(): int {\n  -> a(1)\n  node a(x: int) = use(x)\n    -> b when a is Yes max 2\n    -> return a\n  node b = ask()\n    -> a(2)\n}\n",
        &["6 FL0306"],
    );
}

#[test]
fn what_is_said() {
    let said = sample::said(
        "flow f(v: Verdict): int {\n  -> sort when v is Yes\n  -> escalate\n  node sort = ask()\n    -> escalate\n  node escalate = use(1)\n    -> record\n  node record = use(sort)\n    -> return use(record, escalate)\n}\n",
    );
    assert_eq!(said, ["`sort` may not have run when `record` uses it: start → escalate → record"]);
    let said = sample::said(
        "flow f(): int {\n  -> ask(1)\n  node ask(x: int) = judge(x)\n    -> rewrite when ask is No\n    -> return ask\n  node rewrite = use(ask)\n    -> ask(rewrite)\n}\n",
    );
    assert_eq!(said, ["ask → rewrite → ask can go round for ever"]);
}
