//! A question at the terminal: the arguments are shown, an enum is a numbered choice, a payload is asked field
//! by field or taken as JSON, and what does not fit is said and asked again.

use std::io;

use flow_eval::{Value, json};
use flow_ir::setup::Human;
use flow_ir::types::{Enum, Field, Type, Variant};
use flow_ir::{Bundle, TypeId};
use flow_runtime::effects::Question;
use serde_json::{Map, Value as Json};

use crate::graph::text;
use crate::terminal::{BAD, BOLD, DIM, NAME, clean, paint};

/// Where questions are shown and lines are typed.
pub(crate) trait Dialog {
    /// Shows text as it is.
    fn say(&mut self, text: &str);

    /// Shows `prompt` and waits for a line, without its line break; `None` at the end of the input.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    fn line(&mut self, prompt: &str) -> io::Result<Option<String>>;
}

/// Asks until there is an answer that fits; `None` if the input ends.
///
/// # Errors
/// When the terminal cannot be read.
pub(crate) fn ask(
    bundle: &Bundle,
    human: &Human,
    question: &Question,
    dialog: &mut dyn Dialog,
) -> io::Result<Option<Value>> {
    dialog.say(&card(bundle, human, question));
    loop {
        let shown = Shown { bundle, params: &human.params, args: &question.args };
        let Some(json) = shown.value(human.ret, "answer", None, dialog)? else {
            return Ok(None);
        };
        match json::decode(bundle, human.ret, &json) {
            Ok(value) => return Ok(Some(value)),
            Err(error) => dialog.say(&format!("{} {error}\n", paint(BAD, "this does not fit:"))),
        }
    }
}

/// Title, who is asked, and every argument.
fn card(bundle: &Bundle, human: &Human, question: &Question) -> String {
    let who = question.who.as_ref().or(human.role.as_ref());
    let who = who.map_or_else(String::new, |who| format!(" ({})", clean(who)));
    let title = question.title.as_deref().unwrap_or(&human.name);
    let mut card = format!("\n{} {}{}\n", paint(NAME, "?"), paint(BOLD, clean(title)), paint(DIM, who));
    for (param, value) in human.params.iter().zip(&question.args) {
        let json = json::encode(bundle, param.ty, value);
        card.push_str(&format!("  {}\n", paint(DIM, &param.name)));
        card.push_str(&clean(&outline(&json, 4)));
    }
    card
}

/// JSON for reading: one line a field, texts without quotes.
fn outline(json: &Json, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match json {
        Json::Object(fields) => {
            fields.iter().map(|(name, value)| named(&format!("{name}:"), value, indent)).collect()
        }
        Json::Array(items) => items.iter().map(|item| named("-", item, indent)).collect(),
        Json::String(text) => text.lines().map(|line| format!("{pad}{line}\n")).collect(),
        other => format!("{pad}{other}\n"),
    }
}

fn named(name: &str, value: &Json, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Json::String(text) if !text.contains('\n') => format!("{pad}{name} {text}\n"),
        Json::Object(_) | Json::Array(_) | Json::String(_) => {
            format!("{pad}{name}\n{}", outline(value, indent + 2))
        }
        other => format!("{pad}{name} {other}\n"),
    }
}

/// What the person sees, so that an unchanged part need not be typed again.
struct Shown<'a> {
    bundle: &'a Bundle,
    params: &'a [Field],
    args: &'a [Value],
}

impl Shown<'_> {
    /// A value of a type as JSON; `None` at the end of the input.
    fn value(
        &self,
        ty: TypeId,
        name: &str,
        current: Option<Json>,
        dialog: &mut dyn Dialog,
    ) -> io::Result<Option<Json>> {
        match self.bundle.ty(ty) {
            Type::Enum(of) => self.choice(of, dialog),
            Type::Record(record) => {
                let current = current.or_else(|| self.shown(ty));
                dialog.say(&format!("  {}\n", paint(DIM, format!("{name}: {}", record.name))));
                self.fields(&record.fields, current.as_ref(), dialog)
            }
            _ => self.scalar(ty, name, current, dialog),
        }
    }

    /// The argument of exactly this type, if there is one: what an edited answer most likely starts from.
    fn shown(&self, ty: TypeId) -> Option<Json> {
        let found = self.params.iter().zip(self.args).find(|(param, _)| param.ty == ty);
        found.map(|(param, value)| json::encode(self.bundle, param.ty, value))
    }

    fn choice(&self, of: &Enum, dialog: &mut dyn Dialog) -> io::Result<Option<Json>> {
        for (at, variant) in of.variants.iter().enumerate() {
            let doc = if variant.doc.is_empty() {
                String::new()
            } else {
                format!("  {}", paint(DIM, &variant.doc))
            };
            dialog.say(&format!("  {} {}{doc}\n", paint(NAME, format!("{}.", at + 1)), variant.name));
        }
        loop {
            let Some(line) = dialog.line("choose a number, a name, or type JSON: ")? else {
                return Ok(None);
            };
            let line = line.trim();
            if line.starts_with(['{', '"']) {
                match serde_json::from_str(line) {
                    Ok(json) => return Ok(Some(json)),
                    Err(error) => dialog.say(&format!("{} {error}\n", paint(BAD, "this is not JSON:"))),
                }
                continue;
            }
            match picked(of, line) {
                Some(variant) => return self.payload(of, variant, dialog),
                None => dialog.say(&format!(
                    "{} choose 1 to {}\n",
                    paint(BAD, "this is no choice:"),
                    of.variants.len()
                )),
            }
        }
    }

    fn payload(&self, of: &Enum, variant: &Variant, dialog: &mut dyn Dialog) -> io::Result<Option<Json>> {
        let wire = variant.wire.to_string();
        let fields = self.fields(&variant.fields, None, dialog)?;
        Ok(match (fields, &of.tag) {
            (Some(Json::Object(mut fields)), Some(tag)) => {
                fields.insert(tag.to_string(), Json::String(wire));
                Some(Json::Object(fields))
            }
            (Some(_), None) if variant.fields.is_empty() => Some(Json::String(wire)),
            (Some(fields), None) => Some(Json::Object(Map::from_iter([(wire, fields)]))),
            (other, _) => other,
        })
    }

    fn fields(
        &self,
        fields: &[Field],
        current: Option<&Json>,
        dialog: &mut dyn Dialog,
    ) -> io::Result<Option<Json>> {
        let mut object = Map::new();
        for field in fields {
            let now = current.and_then(|json| json.get(field.wire.as_str())).cloned();
            let Some(value) = self.value(field.ty, &field.name, now, dialog)? else {
                return Ok(None);
            };
            if !value.is_null() {
                object.insert(field.wire.to_string(), value);
            }
        }
        Ok(Some(Json::Object(object)))
    }

    /// A line: text as it is, everything else as JSON. Checked here, so that only this line is asked again.
    fn scalar(
        &self,
        ty: TypeId,
        name: &str,
        current: Option<Json>,
        dialog: &mut dyn Dialog,
    ) -> io::Result<Option<Json>> {
        let keep = if current.is_some() { ", empty keeps what is shown" } else { "" };
        let prompt = format!("  {name} {}: ", paint(DIM, format!("({}{keep})", text::ty(self.bundle, ty))));
        loop {
            let Some(line) = dialog.line(&prompt)? else {
                return Ok(None);
            };
            let json = match (&current, line.trim()) {
                (Some(current), "") => current.clone(),
                _ => self.typed(ty, &line),
            };
            match json::decode(self.bundle, ty, &json) {
                Ok(_) => return Ok(Some(json)),
                Err(error) => dialog.say(&format!("{} {error}\n", paint(BAD, "this does not fit:"))),
            }
        }
    }

    fn typed(&self, ty: TypeId, line: &str) -> Json {
        let trimmed = line.trim();
        let text = || Json::String(line.to_owned());
        match self.bundle.ty(ty) {
            Type::Text { .. } if !trimmed.starts_with('"') => text(),
            Type::Optional { .. } if trimmed.is_empty() => Json::Null,
            Type::Optional { item } => self.typed(*item, line),
            Type::Bool => match trimmed {
                "y" | "yes" => Json::Bool(true),
                "n" | "no" => Json::Bool(false),
                other => serde_json::from_str(other).unwrap_or_else(|_| text()),
            },
            _ => serde_json::from_str(trimmed).unwrap_or_else(|_| text()),
        }
    }
}

/// By number or by name in any case.
fn picked<'a>(of: &'a Enum, line: &str) -> Option<&'a Variant> {
    let by_number = line.parse::<usize>().ok().and_then(|n| of.variants.get(n.checked_sub(1)?));
    by_number.or_else(|| of.variants.iter().find(|variant| variant.name.eq_ignore_ascii_case(line)))
}

#[cfg(test)]
mod tests;
