//! Where what one side sends is not what the other takes.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::plain::{Form, Kind, forms};

/// Objects and lists inside of each other that are looked into.
const DEEPEST: usize = 24;

/// Schemas that are compared at most: a server's may refer to each other so that they unfold without end.
const MOST: usize = 10_000;

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// From us to a server, which may refuse what it does not know.
    Arguments,
    /// From a server to us. Ranges, choices of texts that it does not promise, and unknown fields are settled when
    /// the answer comes.
    Reply,
}

/// A place at which a value may be sent that is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// What was compared.
    pub side: Side,
    /// Names of fields from the outside in, `[]` for the items of a list.
    pub path: Vec<String>,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// It is wanted, and never there.
    Missing,
    /// It is wanted, and may be left out.
    Optional,
    /// It is sent, and not taken; what is taken instead.
    Unknown(Vec<String>),
    /// It is something else: what is sent, what is taken.
    Kind(String, String),
    /// It may be `null`.
    Null,
    /// A text that is not among those taken.
    Choice(String),
    /// More than the other side takes: what is sent, what is taken.
    Wider(String, String),
    /// The server no longer says what it answers.
    Untold,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.join(".");
        match (&self.why, self.side) {
            (Why::Missing, Side::Arguments) => write!(f, "it requires `{name}`"),
            (Why::Missing, Side::Reply) => write!(f, "its answer has no `{name}`"),
            (Why::Optional, Side::Arguments) => write!(f, "it requires `{name}`, which may be left out"),
            (Why::Optional, Side::Reply) => write!(f, "its answer may lack `{name}`"),
            (Why::Unknown(_), _) => write!(f, "it takes no `{name}`"),
            (Why::Kind(sent, taken), Side::Arguments) => {
                write!(f, "`{name}` is {sent}, and it takes {taken}")
            }
            (Why::Kind(sent, taken), Side::Reply) => {
                write!(f, "{} is {sent}, and not {taken}", subject(&name))
            }
            (Why::Null, Side::Arguments) => write!(f, "`{name}` may be `null`, which it does not take"),
            (Why::Null, Side::Reply) => write!(f, "{} may be `null`", subject(&name)),
            (Why::Choice(text), Side::Arguments) => {
                write!(f, "`{name}` may be `{text}`, which it does not take")
            }
            (Why::Choice(text), Side::Reply) => write!(f, "{} may be `{text}`", subject(&name)),
            (Why::Wider(sent, taken), _) => write!(f, "`{name}` is {sent}, and it takes {taken}"),
            (Why::Untold, _) => write!(f, "it does not say what it answers any more"),
        }
    }
}

fn subject(name: &str) -> String {
    if name.is_empty() { "its answer".to_owned() } else { format!("`{name}` of its answer") }
}

/// Values of `from` that `to` does not take, by place; empty if it takes all. What a schema leaves open is taken for
/// fitting: the strict reading of each value has the last word.
#[must_use]
pub fn gaps(side: Side, from: &Json, to: &Json) -> Vec<Gap> {
    let mut comparer =
        Comparer { side, roots: (from, to), open: Vec::new(), seen: 0, path: Vec::new(), out: Vec::new() };
    comparer.schemas(from, to);
    comparer.out
}

struct Comparer<'s> {
    side: Side,
    roots: (&'s Json, &'s Json),
    /// What is being compared: a schema may contain itself.
    open: Vec<(&'s Json, &'s Json)>,
    seen: usize,
    path: Vec<String>,
    out: Vec<Gap>,
}

impl<'s> Comparer<'s> {
    fn say(&mut self, why: Why) {
        self.out.push(Gap { side: self.side, path: self.path.clone(), why });
    }

    fn below(&mut self, name: &str, then: impl FnOnce(&mut Self)) {
        self.path.push(name.to_owned());
        then(self);
        self.path.pop();
    }

    fn schemas(&mut self, from: &'s Json, to: &'s Json) {
        let is_open = |(a, b): &(&Json, &Json)| std::ptr::eq(*a, from) && std::ptr::eq(*b, to);
        if self.path.len() > DEEPEST || self.seen > MOST || self.open.iter().any(is_open) {
            return;
        }
        self.seen += 1;
        self.open.push((from, to));
        self.forms(&forms(from, self.roots.0), &forms(to, self.roots.1));
        self.open.pop();
    }

    fn forms(&mut self, from: &[Form<'s>], to: &[Form<'s>]) {
        let is_any = |forms: &[Form<'_>]| forms.iter().any(|form| form.kind == Kind::Any);
        if is_any(from) || is_any(to) {
            return;
        }
        for form in from {
            self.form(form, to);
        }
    }

    /// The form of the other side that takes most of it decides what is said.
    fn form(&mut self, from: &Form<'s>, to: &[Form<'s>]) {
        let before = self.out.len();
        let mut best: Option<Vec<Gap>> = None;
        for other in to.iter().filter(|other| takes(other.kind, from.kind)) {
            self.same_kind(from, other);
            let found = self.out.split_off(before);
            if best.as_ref().is_none_or(|best| found.len() < best.len()) {
                best = Some(found);
            }
        }
        match best {
            Some(found) => self.out.extend(found),
            None if from.kind == Kind::Null => self.say(Why::Null),
            None => {
                let taken: Vec<&str> = to.iter().map(|other| other.kind.words()).collect();
                self.say(Why::Kind(from.kind.words().to_owned(), taken.join(" or ")));
            }
        }
    }

    fn same_kind(&mut self, from: &Form<'s>, to: &Form<'s>) {
        match from.kind {
            Kind::Text => self.texts(from, to),
            Kind::Integer | Kind::Number => {
                self.range(from, to, "minimum", "maximum");
            }
            Kind::List => {
                self.range(from, to, "minItems", "maxItems");
                if let (Some(from), Some(to)) = (from.word("items"), to.word("items")) {
                    self.below("[]", |this| this.schemas(from, to));
                }
            }
            Kind::Object => self.objects(from, to),
            Kind::Null | Kind::Bool | Kind::Any => {}
        }
    }

    fn texts(&mut self, from: &Form<'s>, to: &Form<'s>) {
        match (&from.texts, &to.texts) {
            (Some(sent), Some(taken)) => {
                let lost = sent.iter().filter(|text| !taken.contains(text));
                lost.for_each(|text| self.say(Why::Choice((*text).to_owned())));
            }
            (None, Some(taken)) if self.side == Side::Arguments => {
                let taken: Vec<String> = taken.iter().map(|text| format!("`{text}`")).collect();
                self.say(Why::Wider("any text".to_owned(), taken.join(", ")));
            }
            (None, None) => self.range(from, to, "minLength", "maxLength"),
            (Some(_) | None, _) => {}
        }
    }

    fn range(&mut self, from: &Form<'s>, to: &Form<'s>, min: &str, max: &str) {
        // An answer out of range is refused when it comes.
        if self.side == Side::Reply {
            return;
        }
        let sizes = min != "minimum";
        let (sent, taken) = (Range::of(from, min, max, sizes), Range::of(to, min, max, sizes));
        if !taken.holds(&sent) {
            let unit = match min {
                "minLength" => " characters",
                "minItems" => " items",
                _ => "",
            };
            self.say(Why::Wider(sent.words(unit), taken.words(unit)));
        }
    }

    fn objects(&mut self, from: &Form<'s>, to: &Form<'s>) {
        let (sent, taken) = (properties(from), properties(to));
        // An object about whose fields nothing is said may have all of them.
        if self.side == Side::Reply && sent.is_none() {
            return;
        }
        let always = names(from.word("required"));
        for name in names(to.word("required")) {
            let why = match sent.is_some_and(|sent| sent.contains_key(name)) {
                true if always.contains(&name) => continue,
                true => Why::Optional,
                false => Why::Missing,
            };
            self.below(name, |this| this.say(why));
        }
        for (name, schema) in sent.into_iter().flatten() {
            match taken.and_then(|taken| taken.get(name)) {
                Some(other) => self.below(name, |this| this.schemas(schema, other)),
                None => self.unknown(name, schema, to),
            }
        }
        if let (Some(from @ Json::Object(_)), Some(to @ Json::Object(_))) =
            (from.word("additionalProperties"), to.word("additionalProperties"))
        {
            self.below("[]", |this| this.schemas(from, to));
        }
    }

    /// A field that the other side does not name.
    fn unknown(&mut self, name: &str, schema: &'s Json, to: &Form<'s>) {
        match to.word("additionalProperties") {
            Some(rest @ Json::Object(_)) => self.below(name, |this| this.schemas(schema, rest)),
            Some(Json::Bool(true)) => {}
            _ if self.side == Side::Reply || properties(to).is_none() => {}
            _ if to.word("patternProperties").is_some() => {}
            _ => {
                let taken = properties(to).into_iter().flat_map(Map::keys).cloned().collect();
                self.below(name, |this| this.say(Why::Unknown(taken)));
            }
        }
    }
}

fn takes(to: Kind, from: Kind) -> bool {
    to == from || (to == Kind::Number && from == Kind::Integer)
}

fn properties<'s>(form: &Form<'s>) -> Option<&'s Map<String, Json>> {
    form.word("properties")?.as_object()
}

fn names(list: Option<&Json>) -> Vec<&str> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect()
}

/// A closed range; `None` is open.
struct Range {
    min: Option<f64>,
    max: Option<f64>,
}

impl Range {
    fn of(form: &Form<'_>, min: &str, max: &str, sizes: bool) -> Self {
        let whole = form.kind == Kind::Integer;
        // Of whole numbers the next one is in it.
        let step = |word, by: f64| form.number(word).map(|bound| if whole { bound + by } else { bound });
        let exclusive = |word, by| if sizes { None } else { step(word, by) };
        let tight = |a: Option<f64>, b: Option<f64>, pick: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(pick(a, b)),
            (a, b) => a.or(b),
        };
        let min = tight(form.number(min), exclusive("exclusiveMinimum", 1.0), f64::max);
        let max = tight(form.number(max), exclusive("exclusiveMaximum", -1.0), f64::min);
        Self { min: min.filter(|least| !(sizes && *least <= 0.0)), max }
    }

    fn holds(&self, other: &Self) -> bool {
        let low = self.min.is_none_or(|least| other.min.is_some_and(|min| min >= least));
        let high = self.max.is_none_or(|most| other.max.is_some_and(|max| max <= most));
        low && high
    }

    fn words(&self, unit: &str) -> String {
        match (self.min, self.max) {
            (None, None) => "of any size".to_owned(),
            (Some(min), None) => format!("{min}..{unit}"),
            (None, Some(max)) => format!("..{max}{unit}"),
            (Some(min), Some(max)) => format!("{min}..{max}{unit}"),
        }
    }
}
