//! Conditions and arithmetic over many elements as machine code.
//!
//! A [`Batch`] is a lambda whose body is made of numbers, bools and variants. Per element, what it reads is
//! laid out in a flat record of words; the code computes on that record and calls nothing. Wherever the
//! answer is not plain (an overflow, a division by zero, a payload of another variant, a bound exceeded) the
//! code gives up on the element, and closures compute it again with the exact message. So the code has no
//! traps, and equals the other tiers by construction wherever it gives up.
//!
//! Measured (`benches/expressions.rs`, ns per record, best of 100, two busy cores):
//!
//! | | native Rust | machine code | closures | interpreter | `cel` |
//! |---|---|---|---|---|---|
//! | `score >= 0.8 and not muted` | 1.3 | 23 | 23 | 91 | 373 |
//! | four tests | 1.5 | 41 | 43 | 212 | 2,390 |
//! | 31 operations on numbers | 3.5 | 56 | 537 | 1,600 | 20,100 |
//! | to compile the last, µs | | 770 | 2 | | 143 |
//!
//! Reading a place out of a value costs 8 ns in every tier, so tests alone gain nothing; arithmetic gains
//! tenfold and pays after some 1,600 records. [`Batch::pays`] is that rule, and closures hand long lists over
//! by it. Where the target has no backend, or the system forbids executable memory, [`Batch::compile`] gives
//! `None`.

mod call;
mod column;
mod emit;

use std::ops::ControlFlow;

use flow_ir::expr::Lambda;
use flow_ir::{Bundle, LocalId, TypeId};

use crate::Value;
use crate::closure::{Compiled, compile};
use crate::context::Context;
use crate::invalid::Outcome;
use crate::ops::truth;

use call::{Answer, Native};
use column::{Column, Kind, Root};

/// A lambda as machine code.
#[derive(Debug)]
pub struct Batch {
    native: Native,
    columns: Vec<Column>,
    result: Kind,
    param: LocalId,
    /// For elements that the code gives up on.
    closures: Compiled,
}

impl Batch {
    /// Compiles a lambda over elements of a type; `None` if it uses more than numbers, bools and variants, or
    /// if this machine cannot run made code.
    #[must_use]
    pub fn compile(bundle: &Bundle, lambda: &Lambda, element: TypeId) -> Option<Self> {
        let program = emit::program(bundle, lambda, element)?;
        let native = Native::compile(|builder, isa| program.emit(builder, isa))?;
        let closures = compile(bundle, &lambda.body);
        Some(Self { native, columns: program.columns, result: program.result, param: lambda.param, closures })
    }

    /// Whether a lambda has enough arithmetic for machine code to be faster than closures.
    #[must_use]
    pub fn pays(bundle: &Bundle, lambda: &Lambda, element: TypeId) -> bool {
        const FEWEST: usize = 4;
        emit::program(bundle, lambda, element)
            .is_some_and(|program| program.arithmetic >= FEWEST.max(program.columns.len()))
    }

    /// The elements for which it holds. The context is the one around the lambda.
    ///
    /// # Errors
    /// [`crate::Invalid`] of the first element that has no answer.
    pub fn filter(&self, cx: &Context<'_>, items: &[Value]) -> Outcome<Vec<Value>> {
        let mut kept = Vec::new();
        self.each(cx, items, |item, value| {
            if truth(&value)? {
                kept.push(item.clone());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(kept)
    }

    /// Whether it holds for an element; those after it are not looked at.
    ///
    /// # Errors
    /// [`crate::Invalid`] of the first element that has no answer.
    pub fn any(&self, cx: &Context<'_>, items: &[Value]) -> Outcome<bool> {
        self.search(cx, items, true)
    }

    /// Whether it holds for all elements; those after one where it does not are not looked at.
    ///
    /// # Errors
    /// [`crate::Invalid`] of the first element that has no answer.
    pub fn all(&self, cx: &Context<'_>, items: &[Value]) -> Outcome<bool> {
        self.search(cx, items, false).map(|found| !found)
    }

    /// For how many elements it holds.
    ///
    /// # Errors
    /// [`crate::Invalid`] of the first element that has no answer.
    pub fn count(&self, cx: &Context<'_>, items: &[Value]) -> Outcome<i64> {
        let mut count = 0;
        self.each(cx, items, |_, value| {
            count += i64::from(truth(&value)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    /// Its value for every element.
    ///
    /// # Errors
    /// [`crate::Invalid`] of the first element that has no answer.
    pub fn map(&self, cx: &Context<'_>, items: &[Value]) -> Outcome<Vec<Value>> {
        let mut values = Vec::with_capacity(items.len());
        self.each(cx, items, |_, value| {
            values.push(value);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(values)
    }

    fn search(&self, cx: &Context<'_>, items: &[Value], wanted: bool) -> Outcome<bool> {
        let mut found = false;
        self.each(cx, items, |_, value| {
            found = truth(&value)? == wanted;
            Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(found)
    }

    fn each<'v>(
        &self,
        cx: &Context<'_>,
        items: &'v [Value],
        mut visit: impl FnMut(&'v Value, Value) -> Outcome<ControlFlow<()>>,
    ) -> Outcome<()> {
        let mut row = self.native.row();
        for (column, cell) in self.columns.iter().zip(row.cells()) {
            match &column.root {
                Root::Element => {}
                Root::Slot(slot) => *cell = column.read(cx.slots.get(*slot).and_then(Option::as_ref)),
                Root::Local(local) => *cell = column.read(around(cx, *local)),
            }
        }
        for item in items {
            for (column, cell) in self.columns.iter().zip(row.cells()) {
                if matches!(column.root, Root::Element) {
                    *cell = column.read(Some(item));
                }
            }
            let value = match self.native.call(&mut row) {
                Answer::Bits(bits) => self.result.value(bits),
                Answer::GaveUp => self.again(cx, item)?,
            };
            if visit(item, value)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// What closures say about an element.
    #[cold]
    fn again(&self, cx: &Context<'_>, item: &Value) -> Outcome {
        let mut locals = cx.locals.to_vec();
        locals.push((self.param, item.clone()));
        self.closures.eval(&cx.with_locals(&locals))
    }
}

fn around<'a>(cx: &Context<'a>, local: LocalId) -> Option<&'a Value> {
    cx.locals.iter().rev().find(|(id, _)| *id == local).map(|(_, value)| value)
}
