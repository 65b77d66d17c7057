//! Traces and metrics of runs, for whoever speaks OTLP over HTTP.
//!
//! A run is a trace: its id is the run's. The flow, every visit of a node and every call of a model, a tool or a person
//! is a span, made of the run's log when the run has ended, so that a run that waited for days and outlived three
//! processes is one trace with true times. Names are those of the GenAI semantic conventions (1.41).
//!
//! What is never sent: arguments, results, prompts, replies, error messages, users, secrets.
//!
//! Start reading at [`Exporter::run`]; [`Settings`] says where to send, `story` reads a log, `span` and `figures` make
//! what is sent of it. What is not here: what `/metrics` tells Prometheus (`flow_server`).

mod attribute;
mod exporter;
mod figures;
mod post;
mod settings;
mod span;
mod story;

pub use exporter::{Exporter, Options};
pub use settings::{BadSetting, Declared, Settings, Signal};
