//! `tool`.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::expr::{Encoding, Expr};
use flow_ir::setup::{Effect, HttpMethod, Tool, Transport};
use flow_ir::units::Usd;
use smol_str::SmolStr;

use super::{Decl, Settings, Source, source_call, unknown_source};
use crate::expr::{Elab, Why};
use crate::manifest::Defaults;
use crate::package::doc_text;
use crate::report;
use crate::types::{Size, Ty};

pub(super) static SETTINGS: [&str; 11] =
    ["effect", "needs", "timeout", "retry", "once", "auth", "region", "headers", "body", "cost", "parallel"];

pub(super) static TRANSPORTS: [&str; 8] =
    ["http.get", "http.post", "http.put", "http.patch", "http.delete", "mcp", "wasm", "command"];

/// Of one attempt, where neither the tool nor `flow.toml` says otherwise.
const TIMEOUT_MS: u64 = 30_000;

/// Lowers a tool.
pub(crate) fn lower(elab: &mut Elab<'_, '_>, decl: Decl<'_>) -> Tool {
    let settings = Settings::new(elab, "tool", &decl.setup.settings, &SETTINGS);
    let effect = effect(elab, &settings, decl);
    let transport = transport(elab, &settings, decl);
    let defaults = defaults(elab, &transport);
    let retry = settings.count(elab, "retry").or(defaults.retry).unwrap_or(0);
    let once = settings.flag(elab, "once").unwrap_or(false);
    if effect.is_some_and(|effect| effect != Effect::Read) && retry > 0 && !once {
        let place = settings.get("retry").map_or(decl.setup.name.span, |setting| setting.span);
        let span = elab.span(place);
        elab.out.push(report::tools::retried_write(span, &decl.sig.name));
    }
    Tool {
        name: decl.sig.name.clone(),
        doc: doc_text(&decl.item.docs),
        params: elab.types.fields(&elab.pkg.defs, &decl.sig.params),
        ret: elab.types.exact(&elab.pkg.defs, &decl.sig.ret),
        effect: effect.unwrap_or(Effect::Sensitive),
        transport,
        auth: settings.secret(elab, "auth"),
        needs: settings.names(elab, "needs"),
        timeout_ms: settings.ms(elab, "timeout").or(defaults.timeout_ms).unwrap_or(TIMEOUT_MS),
        retry,
        once,
        cost: settings.usd(elab, "cost").unwrap_or(Usd(0)),
        parallel: settings.count(elab, "parallel").or(defaults.parallel),
        region: settings.text(elab, "region"),
    }
}

fn effect(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, decl: Decl<'_>) -> Option<Effect> {
    if settings.get("effect").is_none() {
        let span = elab.span(decl.setup.name.span);
        elab.out.push(report::tools::no_effect(span, &decl.sig.name));
    }
    let choices = [("Read", Effect::Read), ("Write", Effect::Write), ("Sensitive", Effect::Sensitive)];
    settings.choice(elab, "effect", &choices)
}

fn defaults(elab: &Elab<'_, '_>, transport: &Transport) -> Defaults {
    let name = match transport {
        Transport::Http { .. } => "http",
        Transport::Command { .. } => "command",
        Transport::Mcp { .. } => "mcp",
        Transport::Wasm { .. } => "wasm",
    };
    let found = elab.pkg.manifest.defaults.iter().find(|(transport, _)| transport == name);
    found.map(|(_, defaults)| *defaults).unwrap_or_default()
}

fn transport(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, decl: Decl<'_>) -> Transport {
    let unknown = Transport::Mcp { server: SmolStr::default(), tool: SmolStr::default(), locked: None };
    let Some(source) = &decl.setup.source else {
        let span = elab.span(decl.setup.name.span);
        let example = "http.get(\"https://…\")";
        elab.out.push(report::tools::no_source(span, &decl.sig.name, "tool", example));
        return unknown;
    };
    if matches!(source.kind, Ast::Missing) {
        return unknown;
    }
    let Some(call) = source_call(source) else {
        unknown_source(elab, source, &TRANSPORTS);
        return unknown;
    };
    match call.path.as_slice() {
        ["http", verb] => match method(verb) {
            Some(method) => http(elab, settings, &call, method),
            None => {
                unknown_source(elab, source, &TRANSPORTS);
                unknown
            }
        },
        ["mcp"] => Transport::Mcp {
            server: call.text(elab, 0, "the server"),
            tool: call.text(elab, 1, "the tool"),
            // Put in from `flow.lock`, when there is nothing wrong.
            locked: None,
        },
        ["wasm"] => Transport::Wasm {
            file: call.text(elab, 0, "the file"),
            export: call.text(elab, 1, "the function"),
        },
        ["command"] => command(elab, &call),
        _ => {
            unknown_source(elab, source, &TRANSPORTS);
            unknown
        }
    }
}

/// The verb of `http.…`.
pub(crate) fn method(verb: &str) -> Option<HttpMethod> {
    match verb {
        "get" => Some(HttpMethod::Get),
        "post" => Some(HttpMethod::Post),
        "put" => Some(HttpMethod::Put),
        "patch" => Some(HttpMethod::Patch),
        "delete" => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn http(
    elab: &mut Elab<'_, '_>,
    settings: &Settings<'_>,
    call: &Source<'_>,
    method: HttpMethod,
) -> Transport {
    elab.scope.reset_locals();
    let url = match call.value(0) {
        Some(value) => encoded(elab, value, Encoding::Url, "the address"),
        None => {
            call.text(elab, 0, "the address");
            elab.poison().expr
        }
    };
    let body = settings.value("body").map(|value| {
        elab.scope.reset_locals();
        match &value.kind {
            Ast::Text(text) => elab.text_for(text, Encoding::Json).expr,
            _ => elab.expr(value, None).expr,
        }
    });
    Transport::Http { method, url, headers: headers(elab, settings), body }
}

/// A text whose holes are written for where it stands.
fn encoded(elab: &mut Elab<'_, '_>, value: &ast::Expr, encoding: Encoding, what: &str) -> Expr {
    match &value.kind {
        Ast::Text(text) => elab.text_for(text, encoding).expr,
        _ => elab.check(value, &Ty::TEXT, Why::Setting(what)),
    }
}

/// `headers: ["X-Version: 2", "X-User: {{user}}"]`: each is a name, a colon and a value.
fn headers(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Vec<(SmolStr, Expr)> {
    let Some(value) = settings.value("headers") else { return Vec::new() };
    let Ast::List(items) = &value.kind else {
        let span = elab.span(value.span);
        elab.out.push(report::names::bad_setting(span, "headers", "a list of headers", "[\"X-Version: 2\"]"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        elab.scope.reset_locals();
        match header(elab, item) {
            Some(header) => found.push(header),
            None => {
                let span = elab.span(item.span);
                let wants = "a name, a colon and a value";
                elab.out.push(report::names::bad_setting(span, "headers", wants, "[\"X-Version: 2\"]"));
            }
        }
    }
    found
}

fn header(elab: &mut Elab<'_, '_>, item: &ast::Expr) -> Option<(SmolStr, Expr)> {
    let Ast::Text(text) = &item.kind else { return None };
    let mut text = text.clone();
    let name = match text.parts.first_mut() {
        Some(ast::TemplatePart::Text { value, .. }) => {
            let (name, rest) = value.split_once(':')?;
            let name = SmolStr::from(name.trim());
            *value = rest.trim_start().into();
            name
        }
        _ => return None,
    };
    let is_token = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    is_token.then(|| (name, elab.text_for(&text, Encoding::Line).expr))
}

fn command(elab: &mut Elab<'_, '_>, call: &Source<'_>) -> Transport {
    let program = call.text(elab, 0, "the program");
    let mut args = Vec::new();
    if let Some(ArgValue::Expr(value)) = call.args.get(1).map(|arg| &arg.value) {
        match &value.kind {
            Ast::List(items) => {
                for item in items {
                    elab.scope.reset_locals();
                    args.push(encoded(elab, item, Encoding::Line, "an argument"));
                }
            }
            _ => {
                let want = Ty::TEXT.list(Size::ANY);
                elab.check(value, &want, Why::Setting("command"));
                let span = elab.span(value.span);
                let message = "the arguments of a command are written out as a list";
                elab.out.push(report::names::wrong_setting(span, message, "`command(\"jq\", [\".a\", x])`"));
            }
        }
    }
    Transport::Command { program, args }
}
