//! Diagnostics on their way to the client.

use std::collections::BTreeMap;

use flow_diagnostics::Severity;
use flow_ide::Finding;
use flow_ide::position::Lines;
use rustc_hash::FxHashSet;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Uri,
};

use crate::convert;
use crate::desk::Desk;

/// What the analysis thread sends to the client. Not bounded: the thread must never wait for the client.
pub(crate) type Outbox = UnboundedSender<Out>;

/// A message to the client.
#[derive(Debug)]
pub(crate) enum Out {
    /// The diagnostics of a document.
    Publish(Uri, Vec<Diagnostic>, Option<i32>),
    /// Diagnostics of files that nobody asked about may have changed.
    Refresh,
}

/// What was last said about each file.
#[derive(Debug, Default)]
pub(crate) struct Said {
    by_file: BTreeMap<String, (u64, Vec<Finding>)>,
    stamp: u64,
    /// Files that the client was told about before all others were looked at.
    first: FxHashSet<String>,
    /// Whether the client asks, rather than being told.
    pub(crate) is_pulled: bool,
}

impl Said {
    pub(crate) fn of(&self, key: &str) -> Vec<Finding> {
        self.by_file.get(key).map(|(_, findings)| findings.clone()).unwrap_or_default()
    }

    /// Changes whenever what is said about the file does.
    pub(crate) fn stamp(&self, key: &str) -> String {
        self.by_file.get(key).map_or(0, |(stamp, _)| *stamp).to_string()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        self.by_file.keys().cloned().collect()
    }
}

/// Notes what was found in all files, and tells the client what is new.
pub(crate) fn publish(desk: &mut Desk, found: Vec<(String, Vec<Finding>)>) {
    let mut now: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for (key, findings) in found {
        now.entry(key).or_default().extend(findings);
    }
    // A document that is open is always told about, if only that nothing is wrong with its new version.
    let before = desk.said.files().into_iter().chain(desk.documents.keys().cloned());
    for key in before {
        now.entry(key).or_default();
    }
    let mut is_new = false;
    for (key, findings) in now {
        let is_told = desk.said.first.remove(&key);
        let changed = note(desk, &key, findings);
        is_new |= changed;
        let is_open = desk.documents.contains_key(&key);
        if !desk.said.is_pulled && (changed || (is_open && !is_told)) {
            send(desk, &key);
        }
    }
    if is_new && desk.said.is_pulled {
        drop(desk.outbox.send(Out::Refresh));
    }
}

/// Tells the client about one file, before all others are looked at.
pub(crate) fn one(desk: &mut Desk, key: &str, findings: Vec<Finding>) {
    note(desk, key, findings);
    if !desk.said.is_pulled {
        desk.said.first.insert(key.to_owned());
        send(desk, key);
    }
}

/// Notes what was found in a file; `true` if that is new.
pub(crate) fn note(desk: &mut Desk, key: &str, findings: Vec<Finding>) -> bool {
    let is_same = desk.said.by_file.get(key).is_some_and(|(_, old)| *old == findings);
    if !is_same {
        desk.said.stamp += 1;
        desk.said.by_file.insert(key.to_owned(), (desk.said.stamp, findings));
    }
    !is_same
}

fn send(desk: &Desk, key: &str) {
    let findings = desk.said.of(key);
    let Some(uri) = convert::uri(desk, key) else { return };
    let version = desk.documents.get(key).map(|document| document.version);
    drop(desk.outbox.send(Out::Publish(uri, diagnostics(desk, key, &findings), version)));
}

/// Findings in the words of the protocol.
pub(crate) fn diagnostics(desk: &Desk, key: &str, findings: &[Finding]) -> Vec<Diagnostic> {
    let text = convert::text(desk, key);
    let lines = Lines::of(&text);
    findings.iter().map(|finding| diagnostic(desk, (&text, &lines), finding)).collect()
}

fn diagnostic(desk: &Desk, (text, lines): (&str, &Lines), finding: &Finding) -> Diagnostic {
    let related = finding.related.iter().filter_map(|related| {
        let uri = convert::uri(desk, &related.path)?;
        let range = convert::range_in(desk, &related.path, related.span);
        Some(DiagnosticRelatedInformation {
            location: Location { uri, range },
            message: related.text.clone(),
        })
    });
    let related: Vec<_> = related.collect();
    let number = finding.code.number;
    let is_unused = matches!(finding.code.name, "unused-import" | "unused-parameter" | "unused-value");
    Diagnostic {
        range: convert::range(text, lines, finding.span, desk.encoding),
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Hint => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(number.to_owned())),
        code_description: docs(desk, number).map(|href| CodeDescription { href }),
        source: Some("flowc".to_owned()),
        message: finding.message.clone(),
        related_information: (!related.is_empty()).then_some(related),
        tags: is_unused.then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: None,
    }
}

/// The page of a code, which the binary carries.
fn docs(desk: &Desk, number: &str) -> Option<Uri> {
    Uri::from_file_path(desk.host.page(number)?)
}
