//! Money that many runs share: it is never overspent, and none of it gets stuck.

use std::sync::Arc;

use flow_ir::units::{ErrorClass, Usd};
use flow_runtime::protocol::RunResult;

use crate::upstream::{Mood, Upstream};
use crate::world::World;

const RUNS: usize = 200;
const DAY: Usd = Usd(1_000_000);

/// 200 runs at once, one dollar a day, and a provider that answers late and never says what it used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_runs_never_spend_more_than_the_day_holds() {
    for (mood, is_told) in [(Mood::Silent, false), (Mood::Well, true), (Mood::Broken, true)] {
        let primary = Upstream::start("primary", mood);
        let second = Upstream::start("second", mood);
        let world = Arc::new(World::new(primary.address, second.address, "timeout: 10s", Some(DAY)));
        let runs: Vec<_> = (0..RUNS)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.run().await })
            })
            .collect();
        let (mut spent, mut refused, mut answered) = (Usd(0), 0, 0);
        for run in runs {
            let told = run.await.unwrap();
            spent = spent.plus(told.ended.usage.cost);
            match told.ended.result {
                RunResult::Returned(_) => answered += 1,
                RunResult::Failed(error) if error.class == ErrorClass::Budget => refused += 1,
                RunResult::Failed(error) if error.class == ErrorClass::Overload => {}
                result => panic!("{result:?}"),
            }
        }
        let (settled, reserved) = world.treasury.spent()["acme"];
        assert!(spent <= DAY && settled <= DAY, "{spent} of {DAY}");
        assert_eq!((settled, reserved), (spent, Usd(0)), "all reservations came back");
        if !is_told {
            assert!(refused > 0, "the day is not enough for all: {answered} of {RUNS}, {spent}");
        }
    }
}
