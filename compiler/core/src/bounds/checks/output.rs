//! FL0507: the largest answer is longer than `output`.

use flow_diagnostics::Diagnostic;
use flow_ir::effort;
use flow_ir::types::Type;
use rustc_hash::FxHashSet;

use super::{Cx, PromptCall};
use crate::bounds::size::{Shape, Sizer};
use crate::report::windows::output_too_small;

pub(super) fn check(cx: &Cx<'_>, calls: &[PromptCall<'_>], out: &mut Vec<Diagnostic>) {
    let mut said = FxHashSet::default();
    let sizer = Sizer::new(cx.bundle, Vec::new(), Vec::new());
    for call in calls {
        let ty = cx.bundle.ty(call.prompt.ret);
        if matches!(ty, Type::Text { .. }) {
            continue;
        }
        let Some(cap) = call.chain.iter().map(|(_, model)| effort::output_cap(call.prompt, model)).min()
        else {
            continue;
        };
        let weight = sizer.typical(&Shape::Of(call.prompt.ret));
        if weight.is_bounded() && weight.tokens > cap && said.insert(call.id) {
            let span = cx.places.setting(call.id, "output");
            out.push(output_too_small(span, &name(ty), weight.tokens, cap));
        }
    }
}

fn name(ty: &Type) -> String {
    match ty {
        Type::Record(record) => record.name.to_string(),
        Type::Enum(it) => it.name.to_string(),
        _ => "the answer".to_owned(),
    }
}
