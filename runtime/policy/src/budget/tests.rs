use proptest::prelude::*;

use super::*;

const RUN: PoolId = PoolId(1);
const NODE: PoolId = PoolId(2);

fn cost(micros: i64) -> Amount {
    Amount { cost: Usd(micros), tokens: 0 }
}

fn ledger(run: i64, node: i64) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.open(RUN, Left { cost: Some(Usd(run)), tokens: Some(1_000) });
    ledger.open(NODE, Left { cost: Some(Usd(node)), tokens: None });
    ledger
}

#[test]
fn the_smallest_pool_decides_and_a_refusal_takes_nothing() {
    let mut pools = ledger(100, 40);
    let short = pools.reserve(&[RUN, NODE], cost(41)).unwrap_err();
    assert_eq!(short.pool, NODE);
    assert_eq!(pools, ledger(100, 40));
    assert_eq!(pools.left(&[RUN, NODE]).cost, Some(Usd(40)));
}

#[test]
fn settling_gives_the_difference_back() {
    let mut pools = ledger(100, 40);
    pools.reserve(&[RUN, NODE], cost(40)).unwrap();
    pools.settle(&[RUN, NODE], cost(40), cost(15));
    assert_eq!(pools.left(&[RUN]).cost, Some(Usd(85)));
    assert_eq!(pools.left(&[NODE]).cost, Some(Usd(25)));
}

#[test]
fn what_is_free_is_covered_after_the_last_cent() {
    let mut pools = ledger(0, 0);
    assert!(pools.reserve(&[RUN, NODE], cost(0)).is_ok());
    assert!(pools.reserve(&[RUN, NODE], cost(1)).is_err());
}

#[test]
fn tokens_are_counted_beside_money() {
    let mut pools = ledger(100, 100);
    let many = Amount { cost: Usd(1), tokens: 1_001 };
    assert_eq!(pools.reserve(&[NODE, RUN], many).unwrap_err().pool, RUN);
    assert!(pools.reserve(&[NODE], many).is_ok());
}

#[test]
fn opening_twice_keeps_what_was_spent() {
    let mut pools = ledger(100, 40);
    pools.reserve(&[RUN], cost(60)).unwrap();
    pools.open(RUN, Left { cost: Some(Usd(100)), tokens: None });
    assert_eq!(pools.left(&[RUN]).cost, Some(Usd(40)));
}

/// One step of a caller: start an attempt with this worst case, or end the oldest one having used this share.
#[derive(Clone, Debug)]
enum Step {
    Start { node: bool, worst: i64, tokens: u64 },
    End { which: usize, percent: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let start = (any::<bool>(), 0..60i64, 0..400u64).prop_map(|(node, worst, tokens)| Step::Start {
        node,
        worst,
        tokens,
    });
    let end = (any::<usize>(), 0..=100i64).prop_map(|(which, percent)| Step::End { which, percent });
    prop::collection::vec(prop_oneof![start, end], 0..200)
}

proptest! {
    #[test]
    fn no_interleaving_spends_more_than_a_limit(run in 0..500i64, node in 0..200i64, steps in steps()) {
        let mut pools = ledger(run, node);
        let mut flying: Vec<(Vec<PoolId>, Amount)> = Vec::new();
        let mut spent: BTreeMap<PoolId, Amount> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Start { node, worst, tokens } => {
                    let from = if node { vec![RUN, NODE] } else { vec![RUN] };
                    let amount = Amount { cost: Usd(worst), tokens };
                    if pools.reserve(&from, amount).is_ok() {
                        flying.push((from, amount));
                    }
                }
                Step::End { which, percent } if !flying.is_empty() => {
                    let (from, reserved) = flying.remove(which % flying.len());
                    let actual = Amount {
                        cost: Usd(reserved.cost.0 * percent / 100),
                        tokens: reserved.tokens * percent as u64 / 100,
                    };
                    pools.settle(&from, reserved, actual);
                    for pool in from {
                        let sum = spent.entry(pool).or_default();
                        sum.cost = sum.cost.plus(actual.cost);
                        sum.tokens += actual.tokens;
                    }
                }
                Step::End { .. } => {}
            }
            let total = |pool| spent.get(&pool).copied().unwrap_or_default();
            prop_assert!(total(RUN).cost <= Usd(run) && total(NODE).cost <= Usd(node));
            prop_assert!(total(RUN).tokens <= 1_000);
            let open: i64 = flying.iter().map(|(_, amount)| amount.cost.0).sum();
            prop_assert_eq!(pools.left(&[RUN]).cost, Some(Usd(run - total(RUN).cost.0 - open)));
        }
    }
}

#[test]
fn a_million_steps_keep_every_promise() {
    let (mut pools, mut draws) = (ledger(1_000_000, 400_000), crate::retry::Draws::new(2));
    let mut flying: Vec<(bool, Amount)> = Vec::new();
    let (mut run_spent, mut node_spent) = (0_i64, 0_i64);
    for _ in 0..1_000_000 {
        let draw = draws.draw();
        let node = draw & 16 == 0;
        let from: &[PoolId] = if node { &[RUN, NODE] } else { &[RUN] };
        if draw & 1 == 0 {
            let amount = cost(i64::try_from(draw >> 56).unwrap());
            if pools.reserve(from, amount).is_ok() {
                flying.push((node, amount));
            }
        } else if !flying.is_empty() {
            let (node, reserved) = flying.swap_remove((draw >> 8) as usize % flying.len());
            // Most attempts are turned away and cost nothing, so that the pools last.
            let actual = if draw & 0xfe == 0 { reserved } else { Amount::default() };
            pools.settle(if node { &[RUN, NODE] } else { &[RUN] }, reserved, actual);
            run_spent += actual.cost.0;
            node_spent += if node { actual.cost.0 } else { 0 };
        }
        assert!(pools.left(&[RUN]).cost >= Some(Usd(0)), "never negative");
        assert!(run_spent <= 1_000_000 && node_spent <= 400_000);
    }
    while let Some((node, reserved)) = flying.pop() {
        pools.settle(if node { &[RUN, NODE] } else { &[RUN] }, reserved, Amount::default());
    }
    assert_eq!(pools.left(&[RUN]).cost, Some(Usd(1_000_000 - run_spent)), "all reservations came back");
}
