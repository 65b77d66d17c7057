//! Texts with holes.

use flow_ir::TypeId;
use flow_ir::expr::{Encoding, Part};
use smol_str::SmolStr;

use super::build::Builder;
use super::code::{Code, Frame, Test};
use crate::Value;
use crate::invalid::Outcome;
use crate::ops::{list, print};

enum Piece {
    Text(SmolStr),
    Hole(Box<Code>, TypeId, Encoding),
    Each(Box<Code>, Vec<Piece>),
    If(Box<Test>, Vec<Piece>, Vec<Piece>),
}

impl Builder<'_> {
    pub(super) fn template(&mut self, parts: &[Part]) -> Box<Code> {
        let pieces = self.pieces(parts);
        Box::new(move |frame| {
            let mut text = String::new();
            write(&pieces, frame, &mut text)?;
            Ok(Value::text(text))
        })
    }

    fn pieces(&mut self, parts: &[Part]) -> Vec<Piece> {
        parts.iter().map(|part| self.piece(part)).collect()
    }

    fn piece(&mut self, part: &Part) -> Piece {
        match part {
            Part::Text(text) => Piece::Text(text.clone()),
            Part::Hole(expr, encoding) => Piece::Hole(self.code(expr), expr.ty, *encoding),
            Part::Each { local, list, body } => {
                let list = self.code(list);
                Piece::Each(list, self.within(*local, |inner| inner.pieces(body)))
            }
            Part::If { condition, then, otherwise } => {
                Piece::If(self.test(condition), self.pieces(then), self.pieces(otherwise))
            }
        }
    }
}

fn write(pieces: &[Piece], frame: &mut Frame<'_>, into: &mut String) -> Outcome<()> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => into.push_str(text),
            Piece::Hole(code, ty, encoding) => {
                let value = code(frame)?;
                print::hole(frame.cx.bundle, *ty, &value, *encoding, into)?;
            }
            Piece::Each(code, body) => {
                let value = code(frame)?;
                for item in list::items("`each`", &value)?.iter() {
                    frame.with(item.clone(), |frame| write(body, frame, into))?;
                }
            }
            Piece::If(test, then, otherwise) => {
                let pieces = if test(frame)? { then } else { otherwise };
                write(pieces, frame, into)?;
            }
        }
    }
    Ok(())
}
