//! Which argument belongs to which parameter.

use flow_grammar::ast::{self, ArgValue};
use smol_str::SmolStr;

use super::Elab;
use crate::report;
use crate::types::{FieldDef, Ty};

/// A parameter that an argument can be for.
#[derive(Clone, Debug)]
pub(crate) struct Argument<'a> {
    pub(crate) name: SmolStr,
    pub(crate) ty: Ty,
    /// What was passed.
    pub(crate) value: Option<&'a ast::Expr>,
}

impl Elab<'_, '_> {
    /// Assigns arguments to parameters: all positional or all labelled; what is optional may be left out.
    ///
    /// `None` if something was wrong, which is reported.
    pub(crate) fn assign<'a>(
        &mut self,
        owner: &str,
        params: &[FieldDef],
        args: &'a [ast::Arg],
        span: flow_grammar::Span,
    ) -> Option<Vec<Argument<'a>>> {
        let mut slots: Vec<Argument<'a>> = params
            .iter()
            .map(|param| Argument { name: param.name.clone(), ty: param.ty.clone(), value: None })
            .collect();
        let labelled = args.iter().filter(|arg| arg.label.is_some()).count();
        let mut fine = true;
        if labelled != 0 && labelled != args.len() {
            self.out.push(report::types::mixed_labels(self.at.span(span), owner));
            fine = false;
        } else if labelled == 0 {
            fine &= self.by_position(owner, &mut slots, args);
        } else {
            fine &= self.by_label(owner, &mut slots, args);
        }
        if fine {
            fine = self.nothing_missing(owner, &slots, span);
        }
        if !fine {
            self.elaborate_quietly(args);
        }
        fine.then_some(slots)
    }

    /// Assigns arguments of a method of a resource: labelled ones may follow positional ones.
    pub(crate) fn assign_mixed<'a>(
        &mut self,
        owner: &str,
        params: &[FieldDef],
        args: &[&'a ast::Arg],
        span: flow_grammar::Span,
    ) -> Option<Vec<Argument<'a>>> {
        let mut slots: Vec<Argument<'a>> = params
            .iter()
            .map(|param| Argument { name: param.name.clone(), ty: param.ty.clone(), value: None })
            .collect();
        let known: Vec<SmolStr> = slots.iter().map(|slot| slot.name.clone()).collect();
        let mut fine = true;
        for (index, arg) in args.iter().enumerate() {
            let slot = match &arg.label {
                None => slots.get_mut(index),
                Some(label) => slots.iter_mut().find(|slot| slot.name == label.text),
            };
            match (slot, &arg.label) {
                (Some(slot), _) => fine &= self.put(owner, slot, arg),
                (None, Some(label)) => {
                    let span = self.span(label.span);
                    self.out.push(report::types::unknown_label(span, owner, &label.text, &known));
                    fine = false;
                }
                (None, None) => {
                    let span = self.span(arg.span);
                    self.out.push(report::types::too_many_for(span, owner, &known, args.len()));
                    fine = false;
                }
            }
        }
        let absent = |slot: &&Argument<'_>| slot.value.is_none() && !matches!(slot.ty, Ty::Optional(_));
        let missing: Vec<SmolStr> = slots.iter().filter(absent).map(|slot| slot.name.clone()).collect();
        if fine && !missing.is_empty() {
            self.out.push(report::types::missing(self.at.span(span), owner, &missing));
            fine = false;
        }
        fine.then_some(slots)
    }

    fn by_position<'a>(&mut self, owner: &str, slots: &mut [Argument<'a>], args: &'a [ast::Arg]) -> bool {
        if let Some(extra) = args.get(slots.len()) {
            let span = self.span(extra.span);
            let takes: Vec<SmolStr> = slots.iter().map(|slot| slot.name.clone()).collect();
            self.out.push(report::types::too_many_for(span, owner, &takes, args.len()));
            return false;
        }
        let mut fine = true;
        for (slot, arg) in slots.iter_mut().zip(args) {
            fine &= self.put(owner, slot, arg);
        }
        fine
    }

    fn by_label<'a>(&mut self, owner: &str, slots: &mut [Argument<'a>], args: &'a [ast::Arg]) -> bool {
        let known: Vec<SmolStr> = slots.iter().map(|slot| slot.name.clone()).collect();
        let mut fine = true;
        for arg in args {
            let Some(label) = &arg.label else { continue };
            let span = self.span(label.span);
            match slots.iter_mut().find(|slot| slot.name == label.text) {
                Some(slot) if slot.value.is_some() => {
                    self.out.push(report::types::repeated_label_argument(span, &label.text));
                    fine = false;
                }
                Some(slot) => fine &= self.put(owner, slot, arg),
                None => {
                    if !label.is_missing() {
                        self.out.push(report::types::unknown_label(span, owner, &label.text, &known));
                    }
                    fine = false;
                }
            }
        }
        fine
    }

    fn put<'a>(&mut self, owner: &str, slot: &mut Argument<'a>, arg: &'a ast::Arg) -> bool {
        match &arg.value {
            ArgValue::Expr(value) => {
                slot.value = Some(value);
                true
            }
            ArgValue::Lambda { span, .. } => {
                self.out.push(report::types::lambda_argument(self.at.span(*span), owner, false));
                false
            }
        }
    }

    fn nothing_missing(&mut self, owner: &str, slots: &[Argument<'_>], span: flow_grammar::Span) -> bool {
        let absent = |slot: &&Argument<'_>| slot.value.is_none() && !may_be_left_out(&slot.ty);
        let missing: Vec<SmolStr> = slots.iter().filter(absent).map(|slot| slot.name.clone()).collect();
        if !missing.is_empty() {
            self.out.push(report::types::missing(self.at.span(span), owner, &missing));
        }
        missing.is_empty()
    }

    /// Looks into arguments that belong nowhere, so that names in them count as used.
    pub(crate) fn elaborate_quietly(&mut self, args: &[ast::Arg]) {
        let before = self.out.len();
        for arg in args {
            if let ArgValue::Expr(value) = &arg.value {
                self.expr(value, None);
            }
        }
        self.out.truncate(before);
    }
}

fn may_be_left_out(ty: &Ty) -> bool {
    matches!(ty, Ty::Optional(_) | Ty::Poison)
}
