//! Texts with holes.

use std::sync::Arc;

use flow_ir::expr::{Encoding, Expr, ExprKind, Part};

use super::{Frame, Rendered};
use crate::Media;
use crate::Value;
use crate::invalid::Outcome;
use crate::ops::{list, print};

/// Where the pieces of a template go.
trait Sink {
    fn text(&mut self) -> &mut String;
    /// A medium; `false` if it is to be printed like any other value.
    fn media(&mut self, media: &Arc<Media>) -> bool;
}

impl Sink for String {
    fn text(&mut self) -> &mut String {
        self
    }

    fn media(&mut self, _: &Arc<Media>) -> bool {
        false
    }
}

/// Text up to the next medium, and what came before.
#[derive(Default)]
struct Pieces {
    done: Vec<Rendered>,
    open: String,
}

impl Pieces {
    fn close(&mut self) {
        if !self.open.is_empty() {
            self.done.push(Rendered::Text(std::mem::take(&mut self.open)));
        }
    }
}

impl Sink for Pieces {
    fn text(&mut self) -> &mut String {
        &mut self.open
    }

    fn media(&mut self, media: &Arc<Media>) -> bool {
        self.close();
        self.done.push(Rendered::Media(media.clone()));
        true
    }
}

/// A message in pieces. What is no template is one hole.
pub(super) fn pieces(frame: &mut Frame<'_>, expr: &Expr) -> Outcome<Vec<Rendered>> {
    let mut into = Pieces::default();
    match &expr.kind {
        ExprKind::Template(parts) => frame.parts(parts, &mut into)?,
        _ => frame.hole(expr, Encoding::Plain, &mut into)?,
    }
    into.close();
    Ok(into.done)
}

impl Frame<'_> {
    pub(super) fn template(&mut self, parts: &[Part]) -> Outcome {
        let mut text = String::new();
        self.parts(parts, &mut text)?;
        Ok(Value::text(text))
    }

    fn parts(&mut self, parts: &[Part], into: &mut impl Sink) -> Outcome<()> {
        parts.iter().try_for_each(|part| self.part(part, into))
    }

    fn part(&mut self, part: &Part, into: &mut impl Sink) -> Outcome<()> {
        match part {
            Part::Text(text) => into.text().push_str(text),
            Part::Hole(expr, encoding) => self.hole(expr, *encoding, into)?,
            Part::Each { local, list, body } => {
                let value = self.eval(list)?;
                for item in list::items("`each`", &value)?.iter() {
                    self.bound.push((*local, item.clone()));
                    let done = self.parts(body, into);
                    self.bound.pop();
                    done?;
                }
            }
            Part::If { condition, then, otherwise } => {
                let parts = if self.holds(condition)? { then } else { otherwise };
                self.parts(parts, into)?;
            }
        }
        Ok(())
    }

    fn hole(&mut self, expr: &Expr, encoding: Encoding, into: &mut impl Sink) -> Outcome<()> {
        let value = self.eval(expr)?;
        if let Value::Media(media) = &value
            && into.media(media)
        {
            return Ok(());
        }
        print::hole(self.cx.bundle, expr.ty, &value, encoding, into.text())
    }
}
