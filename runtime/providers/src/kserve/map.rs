//! Between texts and tensors.

use serde_json::Value;

use super::wire::{InferReply, Metadata, OutputTensor, TensorSpec};

/// The tensors that are used.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) input: TensorSpec,
    pub(super) output: TensorSpec,
}

const NUMBERS: [&str; 2] = ["FP32", "FP64"];

/// One text in, one tensor of these datatypes out.
pub(super) fn names(metadata: Metadata, wanted: &[&str]) -> Result<Names, String> {
    let one = |all: Option<Vec<TensorSpec>>, what: &str, fits: &dyn Fn(&str) -> bool| {
        let all = all.unwrap_or_default();
        let listed: Vec<String> = all.iter().map(|one| format!("{} {}", one.name, one.datatype)).collect();
        let fitting: Vec<TensorSpec> = all.into_iter().filter(|one| fits(&one.datatype)).collect();
        <[TensorSpec; 1]>::try_from(fitting).map(|[only]| only).map_err(|_| {
            let listed = if listed.is_empty() { "none".to_owned() } else { listed.join(", ") };
            format!("exactly one {what} is needed, and the model says it has: {listed}")
        })
    };
    let input = one(metadata.inputs, "input of datatype BYTES", &|datatype| datatype == "BYTES")?;
    let output =
        one(metadata.outputs, &format!("output of datatype {}", wanted.join(" or ")), &|datatype| {
            wanted.contains(&datatype)
        })?;
    Ok(Names { input, output })
}

pub(super) fn text_names(metadata: Metadata) -> Result<Names, String> {
    names(metadata, &["BYTES"])
}

pub(super) fn vector_names(metadata: Metadata) -> Result<Names, String> {
    names(metadata, &NUMBERS)
}

/// `[n]`, or `[n, 1]` where the model wants a batch of rows.
pub(super) fn input_shape(spec: &TensorSpec, count: usize) -> Vec<usize> {
    if spec.shape.len() == 2 { vec![count, 1] } else { vec![count] }
}

fn output<'r>(reply: &'r InferReply, names: &Names) -> Result<&'r OutputTensor, String> {
    let found = reply.outputs.iter().find(|output| output.name == names.output.name);
    found.ok_or_else(|| format!("the output `{}` is missing", names.output.name))
}

fn walk<'v>(value: &'v Value, all: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, all)),
        leaf => all.push(leaf),
    }
}

/// The elements of a tensor in row order, whatever their nesting; as many as its shape says.
fn flat(tensor: &OutputTensor) -> Result<Vec<&Value>, String> {
    let mut all = Vec::new();
    walk(&tensor.data, &mut all);
    let wanted = tensor.shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    match wanted {
        Some(wanted) if wanted == all.len() => Ok(all),
        _ => Err(format!("{} has the shape {:?} and {} elements", tensor.name, tensor.shape, all.len())),
    }
}

/// The one text.
pub(super) fn text(reply: &InferReply, names: &Names) -> Result<String, String> {
    let tensor = output(reply, names)?;
    match flat(tensor)?.as_slice() {
        [Value::String(text)] if tensor.datatype == "BYTES" => Ok(text.clone()),
        elements => {
            Err(format!("{} holds {} elements where one text is wanted", tensor.name, elements.len()))
        }
    }
}

/// A row per text.
pub(super) fn vectors(reply: &InferReply, names: &Names, wanted: usize) -> Result<Vec<Vec<f32>>, String> {
    let tensor = output(reply, names)?;
    let elements = flat(tensor)?;
    let numbers: Option<Vec<f32>> = elements.iter().map(|one| one.as_f64().map(|one| one as f32)).collect();
    let numbers = numbers.ok_or_else(|| format!("{} holds something that is no number", tensor.name))?;
    if tensor.shape.first() != Some(&wanted) || numbers.is_empty() {
        return Err(format!("{} has the shape {:?} for {wanted} texts", tensor.name, tensor.shape));
    }
    let rows = numbers.chunks(numbers.len() / wanted).map(<[f32]>::to_vec).collect();
    crate::embeddings::checked(rows, wanted)
}
