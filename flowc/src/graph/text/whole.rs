//! Texts with all of their lines, as they look in `.flow`.

use flow_ir::expr::{Const, Expr, ExprKind, Part};

use super::{Names, expr, words};

/// A text: in one line if it has one, else between `"""`, moved in by `indent`.
#[must_use]
pub fn whole(names: &Names<'_>, value: &Expr, indent: &str) -> String {
    let text = match &value.kind {
        ExprKind::Template(parts) => parts.iter().map(|part| piece(names, part)).collect(),
        ExprKind::Const(Const::Text(text)) => text.to_string(),
        _ => return expr(names, value),
    };
    if !text.contains('\n') {
        return format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let lines: Vec<String> = text.lines().map(|line| format!("{indent}{line}")).collect();
    format!("\"\"\"\n{}\n{indent}\"\"\"", lines.join("\n"))
}

fn piece(names: &Names<'_>, part: &Part) -> String {
    let all = |parts: &[Part]| parts.iter().map(|part| piece(names, part)).collect::<String>();
    match part {
        Part::Text(text) => text.to_string(),
        Part::Hole(value, _) => format!("{{{{{}}}}}", expr(names, value)),
        Part::Each { local, list, body } => {
            format!("{{{{each {} in {}}}}}{}{{{{end}}}}", words::local(*local), expr(names, list), all(body))
        }
        Part::If { condition, then, otherwise } => {
            let otherwise = all(otherwise);
            let otherwise = if otherwise.is_empty() { otherwise } else { format!("{{{{else}}}}{otherwise}") };
            format!("{{{{if {}}}}}{}{otherwise}{{{{end}}}}", expr(names, condition), all(then))
        }
    }
}
