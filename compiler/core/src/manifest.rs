//! `flow.toml`.

/// What `flow.toml` says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Manifest {
    /// The package's name.
    pub package: String,
    /// The version of the language it is written for.
    pub flow: String,
    /// Who may answer, and what they see.
    pub roles: Vec<Role>,
    /// Which grants each package has.
    pub grants: Vec<(String, Vec<String>)>,
    /// Which regions may see each label.
    pub labels: Vec<(String, Vec<String>)>,
    /// Hosts that tools and models may reach; empty is all.
    pub egress: Vec<String>,
    /// How bad the package finds warnings and hints.
    pub lints: Lints,
    /// The MCP servers that tools name.
    pub mcp: Vec<Mcp>,
    /// Defaults per transport.
    pub defaults: Vec<(String, Defaults)>,
    /// Where a server sends traces and metrics.
    pub telemetry: Telemetry,
    /// What tenants of a server may spend.
    pub tenant: Tenant,
}

/// `[tenant]`: what each tenant of a server may spend in a day.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tenant {
    /// Of every tenant that is not named, in micro-dollars; no limit if it is not said.
    pub day: Option<i64>,
    /// Where a day begins and ends: `Europe/Berlin`. UTC if it is not said.
    pub zone: Option<String>,
    /// Of these tenants, in micro-dollars.
    pub days: Vec<(String, i64)>,
}

/// `[telemetry]`. Variables of OpenTelemetry win over it; keys are never in it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Telemetry {
    /// A collector of OTLP over HTTP: `http://localhost:4318`.
    pub endpoint: Option<String>,
    /// What the service is called there; the package's name if it is not said.
    pub service: Option<String>,
    /// The share of runs whose traces are sent, 0 to 1.
    pub sample: Option<f64>,
}

/// `[mcp.NAME]`: a program or an address, one of both.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mcp {
    /// As in `mcp("name", …)`.
    pub name: String,
    /// A program and its arguments; empty with an address.
    pub command: Vec<String>,
    /// `https://…`; empty with a program.
    pub url: String,
    /// The environment variable or vault entry of its token.
    pub auth: Option<String>,
}

/// A role of people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// As written in `human`.
    pub name: String,
    /// Whether an answer of theirs is trusted.
    pub trusted: bool,
    /// Labels they may see.
    pub sees: Vec<String>,
}

/// What a tool takes that does not say it itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Defaults {
    /// Of one attempt, ms.
    pub timeout_ms: Option<u64>,
    /// Further attempts after the first.
    pub retry: Option<u32>,
    /// Calls at once.
    pub parallel: Option<u32>,
}

mod lints;
mod read;

pub use lints::{Level, Lints};

pub(crate) use read::read;
