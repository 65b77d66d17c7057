//! About types (FL01xx).

use flow_diagnostics::{Diagnostic, Edit, Span, index};
use smol_str::SmolStr;

use super::names::{Candidate, did_you_mean, plain};

/// FL0101: `subject` is the beginning of the sentence: `` `send_mail` wants ``.
pub(crate) fn mismatch(span: Span, subject: &str, wanted: &str, found: &str) -> Diagnostic {
    let message = format!("{subject} `{wanted}`, this is `{found}`");
    Diagnostic::new(&index::TYPE_MISMATCH, span, message, format!("this is `{found}`"))
}

/// FL0101, for operands.
pub(crate) fn operands(span: Span, op: &str, left: &str, right: &str) -> Diagnostic {
    let message = format!("`{op}` does not go with `{left}` and `{right}`");
    Diagnostic::new(&index::TYPE_MISMATCH, span, message, format!("`{left}` {op} `{right}`"))
}

/// FL0101, for values that are never equal.
pub(crate) fn never_equal(span: Span, left: &str, right: &str) -> Diagnostic {
    let message = format!("`{left}` and `{right}` are never equal");
    Diagnostic::new(&index::TYPE_MISMATCH, span, message, "compares different types")
}

/// FL0101, for things that a template cannot print.
pub(crate) fn unprintable(span: Span, found: &str) -> Diagnostic {
    let message = format!("`{found}` cannot be written into a text");
    Diagnostic::new(&index::TYPE_MISMATCH, span, message, "has no text")
}

/// FL0101, for lists whose elements differ.
pub(crate) fn mixed_elements(span: Span, first: &str, other: &str) -> Diagnostic {
    let message = format!("a list holds one type: it begins with `{first}`, this is `{other}`");
    Diagnostic::new(&index::TYPE_MISMATCH, span, message, format!("this is `{other}`"))
}

/// FL0101, for branches that differ.
pub(crate) fn mixed_arms(span: Span, first: &str, other: &str) -> Diagnostic {
    let message = format!("all arms give one type: the first gives `{first}`, this one `{other}`");
    Diagnostic::new(&index::TYPE_MISMATCH, span, message, format!("this is `{other}`"))
}

/// FL0102: a field, a payload field or a parameter is not given.
pub(crate) fn missing(span: Span, owner: &str, fields: &[SmolStr]) -> Diagnostic {
    let names: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("`{owner}` is missing {}", names.join(", "));
    let first = fields.first().cloned().unwrap_or_default();
    Diagnostic::new(&index::MISSING_FIELD, span, message, "not complete").help(format!("add `{first}: …`"))
}

/// FL0103.
pub(crate) fn unknown_field(span: Span, owner: &str, name: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("`{owner}` has no field `{name}`");
    let diagnostic = Diagnostic::new(&index::UNKNOWN_FIELD, span, message, "no such field");
    let diagnostic = did_you_mean(diagnostic, span, name, known);
    if diagnostic.help.is_some() || known.is_empty() {
        return diagnostic;
    }
    let names: Vec<&str> = known.iter().take(12).map(|(name, _)| name.as_str()).collect();
    diagnostic.help(format!("it has: {}", names.join(", ")))
}

/// FL0104.
pub(crate) fn maybe_none(span: Span, what: &str, help: String) -> Diagnostic {
    let message = format!("{what} may be `none` here");
    Diagnostic::new(&index::MAYBE_NONE, span, message, "may be `none`").help(help)
}

/// FL0105.
pub(crate) fn variant_field(
    span: Span,
    field: &str,
    scrutinee: &str,
    variants: &[SmolStr],
    edges: Option<(usize, usize, &str)>,
) -> Diagnostic {
    let names: Vec<String> = variants.iter().map(|name| format!("`{name}`")).collect();
    let mut message = format!("`{field}` exists only when {scrutinee} is {}", names.join(" or "));
    if let Some((unaware, all, node)) = edges {
        let verb = if unaware == 1 { "does" } else { "do" };
        message.push_str(&format!("; {unaware} of {all} edges into `{node}` {verb} not know that"));
    }
    let variant = variants.first().cloned().unwrap_or_default();
    let plain = scrutinee.trim_matches('`');
    Diagnostic::new(&index::VARIANT_FIELD, span, message, "only one variant has this")
        .help(format!("move the use, or add `when {plain} is {variant}` to the edge"))
}

/// FL0106.
pub(crate) fn out_of_range(span: Span, needs: &str, wanted: &str, found: &str, how: String) -> Diagnostic {
    let message = format!("this is `{found}`; {needs} needs `{wanted}`");
    Diagnostic::new(&index::OUT_OF_RANGE, span, message, format!("may be outside `{wanted}`"))
        .help(format!("{how}, or a `check` if out of range is a mistake"))
}

/// FL0107.
pub(crate) fn mixed_units(span: Span, what: &str, left: &str, right: &str) -> Diagnostic {
    let message = format!("`{what}` mixes {left} and {right}");
    Diagnostic::new(&index::MIXED_UNITS, span, message, "different units")
        .help("only amounts of one kind are added and compared; a plain number scales either")
}

/// FL0108: `through` are the types between, empty for an alias of itself.
pub(crate) fn recursive(span: Span, name: &str, through: &[String]) -> Diagnostic {
    let message = match through {
        [] | [_] => format!("`{name}` contains itself"),
        many => format!("`{name}` contains itself: {} → {name}", many.join(" → ")),
    };
    Diagnostic::new(&index::RECURSIVE_TYPE, span, message, "closes the circle")
        .note("model output must have a size")
        .help("use `list(text)` or flatten it")
}

/// FL0109.
pub(crate) fn variant_as_text(
    span: Span,
    left: &str,
    (op, text): (&str, &str),
    variant: Option<&str>,
) -> Diagnostic {
    let message = format!("`{left} {op} \"{text}\"` compares a variant with text");
    let is = if op == "!=" { "is not" } else { "is" };
    let diagnostic = Diagnostic::new(&index::VARIANT_AS_TEXT, span, message, "a variant is no text");
    match variant {
        Some(variant) => {
            let edit = Edit { span, text: format!("{left} {is} {variant}") };
            diagnostic
                .help(format!("`{left} {is} {variant}`"))
                .fix(format!("write `{is} {variant}`"), vec![edit])
        }
        None => diagnostic.help(format!("test it with `{left} {is} …`")),
    }
}

/// FL0110.
pub(crate) fn free_text_equality(span: Span, op: &str, name: &str) -> Diagnostic {
    let truth = if op == "!=" { "always" } else { "never" };
    let message = format!("`{op}` on `{name}`, whose variants hold free text, is almost {truth} true");
    Diagnostic::new(&index::FREE_TEXT_EQUALITY, span, message, "compares free text").help("compare with `is`")
}

/// FL0111.
pub(crate) fn text_literal(span: Span, what: &str) -> Diagnostic {
    let message = format!("{what} is free text of a model and is compared with a literal");
    Diagnostic::new(&index::TEXT_LITERAL_COMPARISON, span, message, "a model may word it differently")
        .help("declare an `enum` and test with `is`")
}

/// FL0112: one or more arguments too many.
pub(crate) fn too_many(span: Span, callee: &str, takes: usize, found: usize) -> Diagnostic {
    let noun = if takes == 1 { "argument" } else { "arguments" };
    let message = format!("`{callee}` takes {takes} {noun}, here are {found}");
    Diagnostic::new(&index::WRONG_ARGUMENTS, span, message, "too many")
}

/// FL0112: too many for what has these parameters.
pub(crate) fn too_many_for(span: Span, callee: &str, takes: &[SmolStr], found: usize) -> Diagnostic {
    too_many(span, callee, takes.len(), found).help(format!("it is `{callee}({})`", takes.join(", ")))
}

/// FL0112: a label that names no parameter.
pub(crate) fn unknown_label(span: Span, callee: &str, label: &str, known: &[SmolStr]) -> Diagnostic {
    let message = format!("`{callee}` takes no `{label}`");
    let diagnostic = Diagnostic::new(&index::WRONG_ARGUMENTS, span, message, "unknown label");
    let diagnostic = did_you_mean(diagnostic, span, label, &plain(known.iter().map(SmolStr::as_str)));
    if diagnostic.help.is_some() || known.is_empty() {
        return diagnostic;
    }
    diagnostic.help(format!("it has: {}", known.join(", ")))
}

/// FL0112: a label twice.
pub(crate) fn repeated_label_argument(span: Span, label: &str) -> Diagnostic {
    let message = format!("`{label}` is passed twice");
    Diagnostic::new(&index::WRONG_ARGUMENTS, span, message, "passed again")
}

/// FL0112: some with labels, some without.
pub(crate) fn mixed_labels(span: Span, callee: &str) -> Diagnostic {
    let message = format!("the arguments of `{callee}` are all labelled or all positional");
    Diagnostic::new(&index::WRONG_ARGUMENTS, span, message, "mixes both")
}

/// FL0112: a lambda where a value belongs, or the other way round.
pub(crate) fn lambda_argument(span: Span, callee: &str, wants_lambda: bool) -> Diagnostic {
    let wants = if wants_lambda { "a lambda: `x => …`" } else { "a value, no lambda" };
    Diagnostic::new(&index::WRONG_ARGUMENTS, span, format!("`{callee}` takes {wants}"), "does not go here")
}

/// FL0113.
pub(crate) fn not_callable(span: Span, what: &str, noun: &str) -> Diagnostic {
    let message = format!("`{what}` is {noun} and cannot be called");
    Diagnostic::new(&index::NOT_CALLABLE, span, message, "no callable")
}

/// FL0113, the other way round.
pub(crate) fn not_a_value(span: Span, what: &str, noun: &str, help: &str) -> Diagnostic {
    let message = format!("`{what}` is a {noun}, not a value");
    Diagnostic::new(&index::NOT_CALLABLE, span, message, "no value").help(help)
}

/// FL0114.
pub(crate) fn unknown_type(span: Span, name: &str, known: &[SmolStr]) -> Diagnostic {
    let message = format!("there is no type `{name}`");
    let diagnostic = Diagnostic::new(&index::UNKNOWN_TYPE, span, message, "not declared");
    let foreign = match name {
        "string" | "String" | "str" | "Str" | "Text" => Some("text"),
        "integer" | "Int" | "Integer" | "number" | "long" | "i64" => Some("int"),
        "double" | "Float" | "decimal" | "f64" => Some("float"),
        "boolean" | "Bool" | "Boolean" => Some("bool"),
        "List" | "array" | "Array" | "vec" | "Vec" => Some("list"),
        "dict" | "Map" | "object" | "Dict" => Some("map"),
        _ => None,
    };
    match foreign {
        Some(ours) => diagnostic
            .help(format!("did you mean `{ours}`?"))
            .fix(format!("write `{ours}`"), vec![Edit { span, text: ours.to_owned() }]),
        None => did_you_mean(diagnostic, span, name, &plain(known.iter().map(SmolStr::as_str))),
    }
}

/// FL0114, for the brackets behind a type.
pub(crate) fn type_arguments(span: Span, name: &str, takes: usize, found: usize) -> Diagnostic {
    let message = format!("`{name}` takes {takes} type in brackets, here are {found}");
    let help = if takes == 0 { format!("write `{name}`") } else { format!("write `{name}(text)`") };
    Diagnostic::new(&index::UNKNOWN_TYPE, span, message, "wrong number of types").help(help)
}

/// FL0114, for `Partial` and `Slots` of something that is no record.
pub(crate) fn partial_of(span: Span, found: &str) -> Diagnostic {
    let message = format!("only a record has parts, `{found}` is none");
    Diagnostic::new(&index::UNKNOWN_TYPE, span, message, "no record")
}

/// FL0115.
pub(crate) fn case_not_exhaustive(span: Span, missing: &[String]) -> Diagnostic {
    let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    let message = match names.as_slice() {
        [] => "this `case` does not say what happens otherwise".to_owned(),
        _ => format!("this `case` leaves out {}", names.join(", ")),
    };
    Diagnostic::new(&index::CASE_NOT_EXHAUSTIVE, span, message, "not every possibility has an arm")
        .help("add an arm for it, or `_ => …` last")
}

/// FL0116.
pub(crate) fn bad_range(span: Span, ty: &str) -> Diagnostic {
    let message = format!("this range does not fit `{ty}`");
    Diagnostic::new(&index::BAD_RANGE, span, message, "wrong kind of bound")
        .help("text counts characters or tokens, lists count elements or tokens, money and time have units")
}

/// FL0116.
pub(crate) fn empty_range(span: Span) -> Diagnostic {
    Diagnostic::new(&index::BAD_RANGE, span, "this range is empty", "the lower end is above the upper one")
        .help("write the lower end first, as in `1..80`")
}

/// FL0117.
pub(crate) fn bad_pattern(span: Span, pattern: &str, ty: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("`{ty}` is never `{pattern}`");
    let diagnostic = Diagnostic::new(&index::BAD_PATTERN, span, message, "can never match");
    did_you_mean(diagnostic, span, pattern, known)
}

/// FL0118.
pub(crate) fn returns_value(span: Span, flow: &str) -> Diagnostic {
    let message = format!("`{flow}` declares no result, but this edge returns a value");
    Diagnostic::new(&index::RETURN_MISMATCH, span, message, "nobody receives it")
        .help("declare the result behind the parameters, `: text`, or write `-> return`")
}

/// FL0118.
pub(crate) fn returns_nothing(span: Span, flow: &str, ty: &str) -> Diagnostic {
    let message = format!("`{flow}` returns `{ty}`, but this edge returns nothing");
    Diagnostic::new(&index::RETURN_MISMATCH, span, message, "no value").help("write `-> return …`")
}

/// FL0119.
pub(crate) fn repeated_label(span: Span, label: &str) -> Diagnostic {
    let message = format!("`{label}` is said twice");
    Diagnostic::new(&index::LABEL_NOT_ALLOWED, span, message, "said again").help("remove one of them")
}

/// FL0119.
pub(crate) fn trusted_prompt(span: Span, prompt: &str) -> Diagnostic {
    let message = format!("`{prompt}` is a prompt: what a model says is never `trusted`");
    Diagnostic::new(&index::LABEL_NOT_ALLOWED, span, message, "trust is earned by a `check` or a person")
        .help("remove `trusted`, and pass the answer through a `check` that returns `trusted`")
}

/// FL0119.
pub(crate) fn label_on_resource(span: Span, label: &str) -> Diagnostic {
    let message = format!("`{label}` says something about values, not about a resource");
    Diagnostic::new(&index::LABEL_NOT_ALLOWED, span, message, "means nothing here")
        .help(format!("put `{label}` on the fields that the resource holds"))
}

/// FL0013: a pattern, date or time that cannot be read.
pub(crate) fn bad_literal(span: Span, what: &str, why: &str) -> Diagnostic {
    let message = format!("this is no {what}: {why}");
    Diagnostic::new(&index::BAD_LITERAL, span, message, "cannot be read")
}

/// FL0101, for two arguments that stand in each other's place. `texts` are what is written there, if that is short.
pub(crate) fn swapped(
    (first, second): (Span, Span),
    owner: &str,
    names: (&str, &str),
    texts: Option<(String, String)>,
) -> Diagnostic {
    let message = format!("`{}` and `{}` of `{owner}` are in each other's place", names.0, names.1);
    let diagnostic =
        Diagnostic::new(&index::TYPE_MISMATCH, first, message, format!("belongs to `{}`", names.1))
            .also(second, format!("belongs to `{}`", names.0))
            .help("swap them, or name them");
    match texts {
        Some((one, other)) => {
            let edits = vec![Edit { span: first, text: other }, Edit { span: second, text: one }];
            diagnostic.fix("swap them", edits)
        }
        None => diagnostic,
    }
}
