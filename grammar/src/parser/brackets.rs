//! Puts in closing brackets that are missing and takes out those that close nothing.
//!
//! Runs only on items whose brackets do not match. Indentation says where a bracket was meant to end:
//!
//! ```flow
//! node x = classify(mail          // unclosed `(`: the next line is not further in
//!   -> send(x)
//! ```

use super::repair::Repair;
use crate::error::{Edit, SyntaxError, SyntaxErrorKind};
use crate::lexer::{Token, TokenKind};
use crate::span::Span;

/// A bracket that is open.
struct Open {
    kind: TokenKind,
    span: Span,
    /// Column of the line that holds it.
    indent: u32,
    /// `case` words in it whose braces have not come yet.
    cases: u32,
}

/// Whether every bracket has its partner.
pub(super) fn are_balanced(tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        if token.kind.opens() {
            open.push(partner(token.kind));
        } else if token.kind.closes() && open.pop() != Some(token.kind) {
            return false;
        }
    }
    open.is_empty()
}

const fn partner(open: TokenKind) -> TokenKind {
    match open {
        TokenKind::BraceOpen => TokenKind::BraceClose,
        TokenKind::SquareOpen => TokenKind::SquareClose,
        _ => TokenKind::ParenClose,
    }
}

const fn sign(bracket: TokenKind) -> char {
    match bracket {
        TokenKind::BraceOpen => '{',
        TokenKind::BraceClose => '}',
        TokenKind::SquareOpen => '[',
        TokenKind::SquareClose => ']',
        TokenKind::ParenClose => ')',
        _ => '(',
    }
}

impl Repair<'_, '_> {
    /// Balances the brackets of `tokens`.
    pub(super) fn balance(&mut self, tokens: &[Token]) -> Vec<Token> {
        let mut out: Vec<Token> = Vec::with_capacity(tokens.len() + 4);
        let mut open: Vec<Open> = Vec::new();
        let mut indent = 0;
        let real_end = |token: &Token| token.kind == TokenKind::BraceClose && self.column(token.span) == 0;
        let real_end = tokens.iter().rposition(real_end);
        for (index, token) in tokens.iter().enumerate() {
            if token.first_on_line {
                indent = self.column(token.span);
                self.close_by_line(&mut out, &mut open, token, indent);
            }
            if token.kind == TokenKind::Case
                && let Some(last) = open.last_mut()
            {
                last.cases += 1;
            }
            if token.kind.opens() {
                if token.kind == TokenKind::BraceOpen {
                    self.close_by_brace(&mut out, &mut open);
                }
                open.push(Open { kind: token.kind, span: token.span, indent, cases: 0 });
                out.push(*token);
            } else if token.kind.closes() {
                let is_early = real_end.is_some_and(|end| end > index);
                if self.accepts(&mut out, &mut open, token, is_early) {
                    out.push(*token);
                }
            } else {
                out.push(*token);
            }
        }
        while !open.is_empty() {
            self.close(&mut out, &mut open);
        }
        out
    }

    /// A line that is not further in than the one that holds an open bracket ends what is in the bracket.
    fn close_by_line(&mut self, out: &mut Vec<Token>, open: &mut Vec<Open>, token: &Token, indent: u32) {
        // The body of the item ends with the item, wherever its lines begin.
        while let Some(last) = open.last() {
            let is_body = open.len() == 1 && last.kind == TokenKind::BraceOpen;
            let closes_it = token.kind == partner(last.kind) && indent >= last.indent;
            let begins_member = last.kind != TokenKind::BraceOpen
                && matches!(
                    token.kind,
                    TokenKind::Arrow | TokenKind::Node | TokenKind::Need | TokenKind::Given
                );
            if is_body || closes_it || !(indent <= last.indent || begins_member) {
                return;
            }
            self.close(out, open);
        }
    }

    /// A `{` inside `( )` or `[ ]` belongs to a `case`, or else the bracket was meant to end before it.
    fn close_by_brace(&mut self, out: &mut Vec<Token>, open: &mut Vec<Open>) {
        while let Some(last) = open.last_mut() {
            if last.kind == TokenKind::BraceOpen || last.cases > 0 {
                last.cases = last.cases.saturating_sub(1);
                return;
            }
            self.close(out, open);
        }
    }

    /// Whether a closing bracket may stay. Closes those inside the one it belongs to.
    fn accepts(&mut self, out: &mut Vec<Token>, open: &mut Vec<Open>, token: &Token, is_early: bool) -> bool {
        let Some(at) = open.iter().rposition(|open| partner(open.kind) == token.kind) else {
            self.unopened(token);
            return false;
        };
        // A `}` inside the item that would end it, although its real end in column 0 is still to come.
        let ends_item = at == 0 && token.kind == TokenKind::BraceClose && self.column(token.span) > 0;
        if ends_item && is_early && token.first_on_line {
            self.unopened(token);
            return false;
        }
        while open.len() > at + 1 {
            self.close(out, open);
        }
        open.pop();
        true
    }

    fn unopened(&mut self, token: &Token) {
        let kind = SyntaxErrorKind::Unopened { bracket: sign(token.kind) };
        let fix = Some(Edit { span: token.span, text: "".into() });
        self.errors.push(SyntaxError { kind, span: token.span, fix });
    }

    /// Closes the innermost bracket behind the last token.
    fn close(&mut self, out: &mut Vec<Token>, open: &mut Vec<Open>) {
        let Some(bracket) = open.pop() else { return };
        let gap = out.last().map_or(bracket.span, |last| last.span).after();
        let close = partner(bracket.kind);
        out.push(Token { kind: close, span: gap, first_on_line: false });
        let same_line = self.cx.line(bracket.span.start) == self.cx.line(gap.start);
        let text = if bracket.kind == TokenKind::BraceOpen && open.is_empty() && !same_line {
            "\n}".into()
        } else {
            sign(close).to_string().into()
        };
        let kind = SyntaxErrorKind::Unclosed { bracket: sign(bracket.kind), opened: bracket.span };
        self.errors.push(SyntaxError { kind, span: gap, fix: Some(Edit { span: gap, text }) });
    }
}
