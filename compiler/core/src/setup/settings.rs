//! Reading settings: each is taken once, what is left over is unknown.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast, Setting, Unit};
use flow_ir::units::{Currency, Usd};
use smol_str::SmolStr;

use crate::expr::{Elab, money_micros};
use crate::report;
use crate::types::unit_ms;

/// The settings of one declaration.
pub(crate) struct Settings<'a> {
    list: &'a [Setting],
}

/// Settings that may stand several times: the messages of a prompt.
const REPEATABLE: [&str; 4] = ["system", "user", "assistant", "turns"];

const TIME: &str = "a span of time";
const TOKENS: &str = "a number of tokens";

/// The units that a bare number may have meant.
fn unit_for(value: &Ast, wants: &str) -> Option<&'static [&'static str]> {
    match (value, wants) {
        (Ast::Number(_), TOKENS) => Some(&[" tokens"]),
        (Ast::Number(_), TIME) => Some(&["s", "ms"]),
        _ => None,
    }
}

impl<'a> Settings<'a> {
    /// Reports unknown and repeated settings.
    pub(crate) fn new(elab: &mut Elab<'_, '_>, kind: &str, list: &'a [Setting], known: &[&str]) -> Self {
        for (index, setting) in list.iter().enumerate().filter(|(_, setting)| !setting.name.is_missing()) {
            let name = setting.name.text.as_str();
            let span = elab.span(setting.name.span);
            if !known.contains(&name) {
                let known = report::names::plain(known.iter().copied());
                elab.out.push(report::names::unknown_setting(span, name, kind, &known));
                continue;
            }
            let first = list.iter().take(index).find(|other| other.name.text == name);
            if let Some(first) = first.filter(|_| !REPEATABLE.contains(&name)) {
                let first = elab.span(first.name.span);
                elab.out.push(report::names::repeated_setting(span, name, first));
            }
        }
        Self { list }
    }

    /// The setting of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Setting> {
        self.list.iter().find(|setting| setting.name.text == name)
    }

    /// The value of a setting, if it is no lambda and not missing.
    pub(crate) fn value(&self, name: &str) -> Option<&'a ast::Expr> {
        match &self.get(name)?.value {
            ArgValue::Expr(value) if !matches!(value.kind, Ast::Missing) => Some(value),
            ArgValue::Expr(_) | ArgValue::Lambda { .. } => None,
        }
    }

    /// All settings in the order written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a Setting> {
        self.list.iter()
    }

    fn read<T>(
        &self,
        elab: &mut Elab<'_, '_>,
        name: &str,
        wants: &str,
        example: &str,
        read: impl Fn(&Ast) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        let found = read(&value.kind);
        if found.is_none() {
            let span = elab.span(value.span);
            elab.out.push(match unit_for(&value.kind, wants) {
                Some(unit) => report::names::no_unit(span, name, wants, unit),
                None => report::names::bad_setting(span, name, wants, example),
            });
        }
        found
    }

    /// A span of time in ms.
    pub(crate) fn ms(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<u64> {
        self.read(elab, name, TIME, "3s", |kind| match kind {
            Ast::Quantity(amount) => {
                let ms = amount.number.micros.checked_mul(i128::from(unit_ms(amount.unit)?))? / 1_000_000;
                u64::try_from(ms).ok()
            }
            _ => None,
        })
    }

    /// A number of tokens.
    pub(crate) fn tokens(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<u64> {
        self.read(elab, name, TOKENS, "4k tokens", |kind| match kind {
            Ast::Quantity(amount) if amount.unit == Unit::Tokens => {
                u64::try_from(amount.number.as_int()?).ok()
            }
            _ => None,
        })
    }

    /// A whole number.
    pub(crate) fn count(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<u32> {
        self.read(elab, name, "a whole number", "1", |kind| match kind {
            Ast::Number(number) => u32::try_from(number.as_int()?).ok(),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<bool> {
        self.read(elab, name, "`true` or `false`", "true", |kind| match kind {
            Ast::Bool(value) => Some(*value),
            _ => None,
        })
    }

    /// A text without holes.
    pub(crate) fn text(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<SmolStr> {
        self.read(elab, name, "a text without holes", "\"eu\"", |kind| match kind {
            Ast::Text(text) => text.as_plain(),
            _ => None,
        })
    }

    /// A name: `role: agent`.
    pub(crate) fn name(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<SmolStr> {
        self.read(elab, name, "a name", "agent", |kind| match kind {
            Ast::Name(found) => Some(found.clone()),
            _ => None,
        })
    }

    /// Names in square brackets: `needs: [crm_write]`.
    pub(crate) fn names(&self, elab: &mut Elab<'_, '_>, name: &str) -> Vec<SmolStr> {
        let found = self.read(elab, name, "a list of names", "[one, two]", |kind| match kind {
            Ast::List(items) => items
                .iter()
                .map(|item| match &item.kind {
                    Ast::Name(name) | Ast::Upper(name) => Some(name.clone()),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// An amount in dollars.
    pub(crate) fn usd(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<Usd> {
        self.read(elab, name, "an amount in USD", "0.05 USD", |kind| match kind {
            Ast::Quantity(amount) => match money_micros(amount)? {
                (micros, Currency::Usd) => Some(Usd(micros)),
                (_, Currency::Eur | Currency::Gbp) => None,
            },
            _ => None,
        })
    }

    /// A price: `0.25 USD / 1M tokens`, as micro-dollars per million tokens.
    pub(crate) fn price(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<Usd> {
        self.read(elab, name, "a price in USD per tokens", "0.25 USD / 1M tokens", |kind| {
            let Ast::Binary { op: ast::BinaryOp::Div, left, right, .. } = kind else { return None };
            let (Ast::Quantity(money), Ast::Quantity(tokens)) = (&left.kind, &right.kind) else {
                return None;
            };
            let (micros, currency) = money_micros(money)?;
            let tokens = tokens.number.as_int().filter(|_| tokens.unit == Unit::Tokens)?;
            if tokens <= 0 || currency != Currency::Usd {
                return None;
            }
            let per_million = i128::from(micros).checked_mul(1_000_000)? / i128::from(tokens);
            i64::try_from(per_million).ok().map(Usd)
        })
    }

    /// One of a closed list of UpperCamel words.
    pub(crate) fn choice<T: Copy>(
        &self,
        elab: &mut Elab<'_, '_>,
        name: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.value(name)?;
        let span = elab.span(value.span);
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let written = match &value.kind {
            Ast::Upper(word) => word.as_str(),
            _ => {
                let example = words.first().copied().unwrap_or("");
                let wants = format!("one of {}", words.join(", "));
                elab.out.push(report::names::bad_setting(span, name, &wants, example));
                return None;
            }
        };
        let found = choices.iter().find(|(word, _)| *word == written).map(|(_, value)| *value);
        if found.is_none() {
            elab.out.push(report::names::bad_choice(span, name, written, &words));
        }
        found
    }

    /// Where a secret comes from: `vault("mail_token")` or `env("OPENAI_API_KEY")`, as `vault:…` or `env:…`.
    pub(crate) fn secret(&self, elab: &mut Elab<'_, '_>, name: &str) -> Option<SmolStr> {
        self.read(elab, name, "`vault(\"…\")` or `env(\"…\")`", "vault(\"mail_token\")", secret_entry)
    }

    /// One secret, or several in square brackets, in their order.
    pub(crate) fn secrets(&self, elab: &mut Elab<'_, '_>, name: &str) -> Vec<SmolStr> {
        let wants = "`vault(\"…\")`, `env(\"…\")` or a list of them";
        let found = self.read(elab, name, wants, "env(\"OPENAI_API_KEY\")", |kind| match kind {
            Ast::List(items) if !items.is_empty() => {
                items.iter().map(|item| secret_entry(&item.kind)).collect()
            }
            other => secret_entry(other).map(|one| vec![one]),
        });
        found.unwrap_or_default()
    }
}

fn secret_entry(kind: &Ast) -> Option<SmolStr> {
    let Ast::Call { callee, args } = kind else { return None };
    let Ast::Name(source) = &callee.kind else { return None };
    let [ast::Arg { value: ArgValue::Expr(value), .. }] = args.as_slice() else { return None };
    let Ast::Text(text) = &value.kind else { return None };
    let entry = text.as_plain()?;
    match source.as_str() {
        "vault" | "env" => Some(entry),
        _ => None,
    }
}
