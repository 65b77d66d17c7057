use super::{chain, cost, model_attempts};
use crate::ids::ModelId;
use crate::setup::{Model, Provider};
use crate::units::Usd;

fn model(fallback: &[u32]) -> Model {
    Model {
        fallback: fallback.iter().copied().map(ModelId).collect(),
        ..Model::new("m", Provider::Openai, "m")
    }
}

fn order(models: &[Model]) -> Vec<u32> {
    chain(models, ModelId(0)).into_iter().map(|(id, _)| id.0).collect()
}

#[test]
fn a_chain_asks_each_model_once() {
    assert_eq!(order(&[model(&[1, 2]), model(&[3]), model(&[]), model(&[])]), [0, 1, 3, 2]);
    assert_eq!(order(&[model(&[1]), model(&[0])]), [0, 1]);
    assert_eq!(order(&[]), [] as [u32; 0]);
}

#[test]
fn a_part_of_a_micro_dollar_costs_a_whole_one() {
    assert_eq!(cost(1, 0, Some(Usd(1)), None), Usd(1));
    assert_eq!(cost(0, 0, Some(Usd(1)), Some(Usd(1))), Usd(0));
    assert_eq!(cost(u64::MAX, u64::MAX, Some(Usd(i64::MAX)), None), Usd(i64::MAX));
}

#[test]
fn a_hedge_is_an_attempt() {
    let plain = Model { retry: 2, ..model(&[]) };
    assert_eq!(model_attempts(&plain), 3);
    assert_eq!(model_attempts(&Model { hedge_ms: Some(800), ..plain }), 4);
}
