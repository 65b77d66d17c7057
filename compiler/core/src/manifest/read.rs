//! Reading `flow.toml`: unknown keys are errors, as everywhere.

use std::ops::Range;

use flow_diagnostics::{Diagnostic, FileId, Span};
use toml::de::{DeTable, DeValue};

use super::{Defaults, Level, Manifest, Mcp, Role};
use crate::report;
use crate::types::unit_ms;

const TABLES: [&str; 10] =
    ["package", "roles", "grants", "labels", "lints", "defaults", "egress", "mcp", "telemetry", "tenant"];

type Entry<'t, 'i> = (&'t str, Range<usize>, &'t toml::Spanned<DeValue<'i>>);

struct Reader<'o> {
    file: FileId,
    out: &'o mut Vec<Diagnostic>,
}

/// Reads a manifest. What cannot be read is reported and left out.
pub(crate) fn read(file: FileId, text: &str, out: &mut Vec<Diagnostic>) -> Manifest {
    let mut manifest = Manifest::default();
    let mut reader = Reader { file, out };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let span = reader.span(error.span().unwrap_or(0..0));
            let why = error.message().lines().next().unwrap_or("").to_owned();
            reader.out.push(report::names::bad_manifest(span, format!("`flow.toml` cannot be read: {why}")));
            return manifest;
        }
    };
    let table = table.into_inner();
    let mut entries = entries(&table);
    entries.sort_by_key(|(_, span, _)| span.start);
    for (key, span, value) in entries {
        reader.table(&mut manifest, key, span, value);
    }
    if manifest.package.is_empty() {
        let span = reader.span(0..0);
        let diagnostic = report::names::bad_manifest(span, "`flow.toml` does not say the package's name");
        reader.out.push(diagnostic.help("add `[package]` and `name = \"…\"`"));
    }
    manifest
}

fn entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut found: Vec<Entry<'t, 'i>> =
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
    found.sort_by_key(|(_, span, _)| span.start);
    found
}

impl Reader<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file: self.file, start: at(range.start), end: at(range.end) }
    }

    fn wrong(&mut self, range: Range<usize>, message: String) {
        let span = self.span(range);
        self.out.push(report::names::bad_manifest(span, message));
    }

    fn unknown(&mut self, range: Range<usize>, key: &str, table: &str, known: &[&str]) {
        let span = self.span(range);
        self.out.push(report::names::unknown_key(span, key, table, known));
    }

    fn table(
        &mut self,
        manifest: &mut Manifest,
        key: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        if key == "egress" {
            manifest.egress = self.texts("egress", value);
            return;
        }
        if !TABLES.contains(&key) {
            self.unknown(span, key, "`flow.toml`", &TABLES);
            return;
        }
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value.span(), format!("`{key}` is a table: write `[{key}]`"));
            return;
        };
        for (name, span, value) in entries(table) {
            match key {
                "package" => self.package(manifest, name, span, value),
                "roles" => self.role(manifest, name, value),
                "grants" => manifest.grants.push((name.to_owned(), self.texts(name, value))),
                "labels" => self.label(manifest, name, span, value),
                "lints" => self.lint(manifest, name, span, value),
                "mcp" => self.mcp(manifest, name, span, value),
                "telemetry" => self.telemetry(manifest, name, span, value),
                "tenant" => self.tenant(manifest, name, span, value),
                _ => self.defaults(manifest, name, span, value),
            }
        }
    }

    fn text(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> String {
        match value.get_ref().as_str() {
            Some(text) => text.to_owned(),
            None => {
                self.wrong(value.span(), format!("`{key}` is a text in quotes"));
                String::new()
            }
        }
    }

    fn texts(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> Vec<String> {
        let list: Option<Vec<String>> = value
            .get_ref()
            .as_array()
            .map(|list| list.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect());
        if list.is_none() {
            self.wrong(value.span(), format!("`{key}` is a list of texts: `[\"…\"]`"));
        }
        list.unwrap_or_default()
    }

    fn flag(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> bool {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(value.span(), format!("`{key}` is `true` or `false`"));
        }
        flag.unwrap_or(false)
    }

    fn count(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> Option<u32> {
        let found = value.get_ref().as_integer().and_then(|number| {
            let digits = number.as_str().replace('_', "");
            u32::from_str_radix(&digits, number.radix()).ok()
        });
        if found.is_none() {
            self.wrong(value.span(), format!("`{key}` is a whole number"));
        }
        found
    }

    fn ms(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> Option<u64> {
        let found = value.get_ref().as_str().and_then(duration_ms);
        if found.is_none() {
            self.wrong(value.span(), format!("`{key}` is a span of time in quotes: `\"10s\"`"));
        }
        found
    }

    fn inner<'t, 'i>(&mut self, key: &str, value: &'t toml::Spanned<DeValue<'i>>) -> Vec<Entry<'t, 'i>> {
        match value.get_ref().as_table() {
            Some(table) => entries(table),
            None => {
                self.wrong(value.span(), format!("`{key}` is a table: `{{ … }}`"));
                Vec::new()
            }
        }
    }

    fn package(
        &mut self,
        manifest: &mut Manifest,
        name: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        match name {
            "name" => manifest.package = self.text(name, value),
            "flow" => {
                manifest.flow = self.text(name, value);
                if manifest.flow != "0.1" && !manifest.flow.is_empty() {
                    let message = format!("this compiler knows flow 0.1, not {}", manifest.flow);
                    self.wrong(value.span(), message);
                }
            }
            _ => self.unknown(span, name, "`[package]`", &["name", "flow"]),
        }
    }

    fn role(&mut self, manifest: &mut Manifest, name: &str, value: &toml::Spanned<DeValue<'_>>) {
        let mut found = Role { name: name.to_owned(), trusted: false, sees: Vec::new() };
        for (key, span, value) in self.inner(name, value) {
            match key {
                "trusted" => found.trusted = self.flag(key, value),
                "sees" => found.sees = self.texts(key, value),
                _ => self.unknown(span, key, "a role", &["trusted", "sees"]),
            }
        }
        manifest.roles.push(found);
    }

    fn mcp(
        &mut self,
        manifest: &mut Manifest,
        name: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        let mut found = Mcp { name: name.to_owned(), ..Mcp::default() };
        for (key, span, value) in self.inner(name, value) {
            match key {
                "command" => found.command = self.texts(key, value),
                "url" => found.url = self.text(key, value),
                "auth" => found.auth = Some(self.text(key, value)).filter(|auth| !auth.is_empty()),
                _ => self.unknown(span, key, "an MCP server", &["command", "url", "auth"]),
            }
        }
        if found.command.is_empty() == found.url.is_empty() {
            self.wrong(
                span,
                format!("`[mcp.{name}]` needs either `command = [\"…\"]` or `url = \"https://…\"`"),
            );
        }
        manifest.mcp.push(found);
    }

    fn telemetry(
        &mut self,
        manifest: &mut Manifest,
        name: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        let told = &mut manifest.telemetry;
        match name {
            "endpoint" => {
                let url = self.text(name, value);
                if !url.starts_with("http://") && !url.starts_with("https://") {
                    self.wrong(
                        value.span(),
                        "`endpoint` is an address: `\"http://localhost:4318\"`".to_owned(),
                    );
                }
                told.endpoint = Some(url);
            }
            "service" => told.service = Some(self.text(name, value)),
            "sample" => told.sample = self.share(name, value),
            _ => self.unknown(span, name, "`[telemetry]`", &["endpoint", "service", "sample"]),
        }
    }

    fn tenant(
        &mut self,
        manifest: &mut Manifest,
        name: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        match name {
            "day" => manifest.tenant.day = self.dollars(name, value),
            "zone" => manifest.tenant.zone = Some(self.text(name, value)),
            "days" => {
                for (tenant, _, value) in self.inner(name, value) {
                    let limit = self.dollars(tenant, value).map(|limit| (tenant.to_owned(), limit));
                    manifest.tenant.days.extend(limit);
                }
            }
            _ => self.unknown(span, name, "`[tenant]`", &["day", "zone", "days"]),
        }
    }

    /// In micro-dollars.
    fn dollars(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> Option<i64> {
        let found = value.get_ref().as_str().and_then(dollars);
        if found.is_none() {
            self.wrong(value.span(), format!("`{key}` is an amount in quotes: `\"20 USD\"`"));
        }
        found
    }

    fn share(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> Option<f64> {
        let value_of = || match value.get_ref() {
            DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let found = value_of().filter(|share| (0.0..=1.0).contains(share));
        if found.is_none() {
            self.wrong(value.span(), format!("`{key}` is a share between 0 and 1"));
        }
        found
    }

    fn label(
        &mut self,
        manifest: &mut Manifest,
        name: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        if !["pii", "secret"].contains(&name) {
            self.unknown(span, name, "`[labels]`", &["pii", "secret"]);
        }
        for (key, span, value) in self.inner(name, value) {
            match key {
                "regions" => manifest.labels.push((name.to_owned(), self.texts(key, value))),
                _ => self.unknown(span, key, "a label", &["regions"]),
            }
        }
    }

    fn lint(
        &mut self,
        manifest: &mut Manifest,
        name: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        let known = flow_diagnostics::index::find(name);
        let Some(code) = known else {
            let names: Vec<&str> = flow_diagnostics::index::ALL.iter().map(|code| code.name).collect();
            let diagnostic = report::names::unknown_key(self.span(span), name, "`[lints]`", &[]);
            let candidates = report::names::plain(names);
            let span = diagnostic.primary.span;
            self.out.push(report::names::did_you_mean(diagnostic, span, name, &candidates));
            return;
        };
        if code.severity == flow_diagnostics::Severity::Error {
            self.wrong(span, format!("`{name}` is an error and stays one"));
            return;
        }
        match value.get_ref().as_str().and_then(Level::parse) {
            Some(level) => manifest.lints.set(code, level),
            None => {
                let choices = Level::WORDS.map(|word| format!("`\"{word}\"`")).join(", ");
                self.wrong(value.span(), format!("`{name}` is one of {choices}"));
            }
        }
    }

    fn defaults(
        &mut self,
        manifest: &mut Manifest,
        name: &str,
        span: Range<usize>,
        value: &toml::Spanned<DeValue<'_>>,
    ) {
        let transports = ["http", "command", "mcp", "wasm"];
        if !transports.contains(&name) {
            self.unknown(span, name, "`[defaults]`", &transports);
            return;
        }
        let mut found = Defaults::default();
        for (key, span, value) in self.inner(name, value) {
            match key {
                "timeout" => found.timeout_ms = self.ms(key, value),
                "retry" => found.retry = self.count(key, value),
                "parallel" => found.parallel = self.count(key, value),
                _ => self.unknown(span, key, "a transport", &["timeout", "retry", "parallel"]),
            }
        }
        manifest.defaults.push((name.to_owned(), found));
    }
}

fn duration_ms(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = flow_grammar::ast::Unit::parse(text.get(digits.len()..)?)?;
    let scale = u64::try_from(unit_ms(unit)?).ok()?;
    digits.trim().parse::<u64>().ok()?.checked_mul(scale)
}

/// `20 USD`, `0.5 USD` in micro-dollars.
fn dollars(text: &str) -> Option<i64> {
    let number = text.trim().strip_suffix("USD")?.trim();
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 6 {
        return None;
    }
    let micros = format!("{part:0<6}").parse::<i64>().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}
