//! Whether a value of one type may stand where another is wanted.

use super::Ty;

/// How one type fits another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Fit {
    /// The value can stay as it is.
    Same,
    /// The value must be converted: `int` to `float`, `T` to `T?`.
    Convert,
    /// Right type, too wide a range (FL0106).
    Range,
    /// Right type, but it may be `none` (FL0104).
    MaybeNone,
    /// Another currency or unit (FL0107).
    Unit,
    /// Something else altogether (FL0101).
    No,
}

/// How `from` fits `to`. Structural on qualifiers, nominal otherwise.
pub(crate) fn fit(from: &Ty, to: &Ty) -> Fit {
    match (from, to) {
        (Ty::Poison | Ty::Never, _) | (_, Ty::Poison) => Fit::Same,
        (Ty::Optional(a), Ty::Optional(b)) => fit(a, b),
        (Ty::Optional(a), b) => match fit(a, b) {
            Fit::Same | Fit::Convert | Fit::Range if **a != Ty::Never => Fit::MaybeNone,
            _ => Fit::No,
        },
        (a, Ty::Optional(b)) => fit(a, b).max(Fit::Convert),
        (Ty::Text(a), Ty::Text(b)) => ranged(a.within(*b)),
        (Ty::Int(a), Ty::Int(b)) | (Ty::Float(a), Ty::Float(b)) | (Ty::Duration(a), Ty::Duration(b)) => {
            ranged(a.within(*b))
        }
        (Ty::Int(a), Ty::Float(b)) => ranged(a.to_micros().within(*b)).max(Fit::Convert),
        (Ty::Money(ca, a), Ty::Money(cb, b)) => match (ca, cb) {
            (Some(a), Some(b)) if a != b => Fit::Unit,
            (None, Some(_)) => Fit::Range,
            _ => ranged(a.within(*b)),
        },
        (Ty::List(a, sa), Ty::List(b, sb)) => fit(a, b).max(ranged(sa.within(*sb))),
        (Ty::Map(a, sa), Ty::Map(b, sb)) => fit(a, b).max(ranged(sa.within(*sb))),
        (Ty::Named(a, _), Ty::Named(b, _)) | (Ty::Partial(a, _), Ty::Partial(b, _)) if a == b => Fit::Same,
        (Ty::Named(a, _), Ty::Partial(b, _)) if a == b => Fit::Convert,
        (a, b) if a == b => Fit::Same,
        _ => Fit::No,
    }
}

fn ranged(fits: bool) -> Fit {
    if fits { Fit::Same } else { Fit::Range }
}
