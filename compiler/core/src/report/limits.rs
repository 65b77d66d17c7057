//! FL04xx: loops, and limits on time and money.

use flow_diagnostics::{Diagnostic, Edit, index};
use flow_grammar::Span;

use super::At;

/// FL0401. `arrows` are the edges of the loop with their lines; the last one closes it.
///
/// `bound_here` is the arrow where `max` is all that is missing, if there is one.
pub(crate) fn unbounded_loop(
    at: At,
    way: &str,
    arrows: &[(Span, u32)],
    bound_here: Option<Span>,
) -> Diagnostic {
    let message = format!("{way} can go round for ever");
    let mut lines: Vec<u32> = arrows.iter().map(|(_, line)| *line).collect();
    lines.sort_unstable();
    lines.dedup();
    let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
    let help = match lines.as_slice() {
        [] => String::new(),
        [only] => format!("put `max n` on the arrow in line {only}"),
        [init @ .., last] => {
            format!("put `max n` on one of these arrows: line {} or {last}", init.join(", "))
        }
    };
    let closing = arrows.last().map_or(Span::default(), |(span, _)| *span);
    let diagnostic =
        Diagnostic::new(&index::UNBOUNDED_LOOP, at.span(closing), message, "this arrow closes the loop");
    let others = arrows.iter().rev().skip(1).rev().take(8);
    let diagnostic = others
        .fold(diagnostic, |diagnostic, (span, _)| diagnostic.also(at.span(*span), "or here"))
        .note("with a bound on every loop, the most a run can cost is known before it starts")
        .help(help);
    let Some(arrow) = bound_here else {
        return diagnostic;
    };
    let edit = Edit { span: at.span(arrow.after()), text: " max 3".to_owned() };
    diagnostic.fix("go round at most 3 times", vec![edit])
}
