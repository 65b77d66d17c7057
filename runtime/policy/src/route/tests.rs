use proptest::prelude::*;

use super::*;
use crate::retry::Draws;

const fn leg(made: u32, standing: Standing) -> Leg {
    Leg { made, most: 2, standing }
}

#[test]
fn the_first_that_is_ready_is_asked() {
    let legs = [leg(0, Standing::Shut), leg(0, Standing::Ready), leg(0, Standing::Ready)];
    assert_eq!(choose(&legs, None), Choice::Ask(1));
}

#[test]
fn a_fallback_comes_before_a_retry() {
    let legs = [leg(1, Standing::Ready), leg(0, Standing::Ready)];
    assert_eq!(choose(&legs, None), Choice::Ask(1));
    assert_eq!(choose(&[leg(1, Standing::Ready), leg(2, Standing::Ready)], None), Choice::Ask(0));
}

#[test]
fn a_probe_is_shielded_by_whoever_can_answer() {
    let legs = [leg(0, Standing::Probe), leg(0, Standing::Ready)];
    assert_eq!(choose(&legs, None), Choice::Shielded { answer: 1, probe: 0 });
    let legs = [leg(0, Standing::Probe), leg(0, Standing::Shut)];
    assert_eq!(choose(&legs, None), Choice::Ask(0), "there is nobody else");
    let legs = [leg(0, Standing::Ready), leg(0, Standing::Probe)];
    assert_eq!(choose(&legs, None), Choice::Ask(0), "a fallback is not probed while it is not needed");
}

#[test]
fn a_wait_must_end_before_the_deadline() {
    let legs = [leg(1, Standing::Later(300)), leg(1, Standing::Later(200))];
    assert_eq!(choose(&legs, None), Choice::Wait(200));
    assert_eq!(choose(&legs, Some(200)), Choice::Nobody);
    assert_eq!(choose(&[leg(0, Standing::Later(120_001))], None), Choice::Nobody, "too long for anyone");
    assert_eq!(choose(&[leg(0, Standing::Later(0))], None), Choice::Wait(1), "time passes");
}

/// Chains that fail, recover and wait by chance, to their end.
fn simulate(draws: &mut Draws, most_steps: usize) -> usize {
    let standing = |draw: u64| match draw % 4 {
        0 => Standing::Ready,
        1 => Standing::Probe,
        2 => Standing::Later(draw >> 32 & 0xff),
        _ => Standing::Shut,
    };
    let count = draws.draw() as usize % 4;
    let mut legs: Vec<Leg> = (0..count)
        .map(|_| Leg { made: 0, most: draws.draw() as u32 % 4, standing: standing(draws.draw()) })
        .collect();
    for step in 0..most_steps {
        match choose(&legs, None) {
            Choice::Nobody => {
                assert!(legs.iter().all(|leg| leg.made >= leg.most || leg.standing == Standing::Shut));
                return step + 1;
            }
            Choice::Wait(ms) => assert!(ms > 0 && legs.iter().any(|leg| leg.standing != Standing::Shut)),
            Choice::Ask(at) => made(&mut legs, at),
            Choice::Shielded { answer, probe } => {
                assert_eq!(legs[answer].standing, Standing::Ready);
                made(&mut legs, answer);
                made(&mut legs, probe);
            }
        }
        legs.iter_mut().for_each(|leg| leg.standing = standing(draws.draw()));
    }
    most_steps
}

fn made(legs: &mut [Leg], at: usize) {
    assert!(legs[at].made < legs[at].most, "no more attempts than the bound counts");
    assert!(!matches!(legs[at].standing, Standing::Shut | Standing::Later(_)));
    legs[at].made += 1;
}

#[test]
fn a_million_steps_keep_every_promise() {
    let (mut draws, mut steps) = (Draws::new(1), 0);
    while steps < 1_000_000 {
        steps += simulate(&mut draws, 1_000).max(1);
    }
}

proptest! {
    #[test]
    fn a_chain_never_makes_more_attempts_than_its_bound(seed in any::<u64>()) {
        simulate(&mut Draws::new(seed), 1_000);
    }
}
