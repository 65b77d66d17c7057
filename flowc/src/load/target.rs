//! `PATH[:flow]`: what `flowc run` is pointed at.

use std::path::PathBuf;

use crate::exit::Stop;

/// A package or bundle, and which of its flows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// A directory, a `.flow` file, or a bundle.
    pub path: PathBuf,
    /// `None` means the only public flow.
    pub flow: Option<String>,
}

impl Target {
    /// Splits at the last colon if what follows may name a flow; a path that exists wins.
    ///
    /// # Errors
    /// When what follows the colon cannot be a flow's name.
    pub fn parse(text: &str) -> Result<Self, Stop> {
        let whole = || Self { path: PathBuf::from(text), flow: None };
        if PathBuf::from(text).exists() {
            return Ok(whole());
        }
        match text.rsplit_once(':') {
            Some((path, flow)) if is_flow_name(flow) => {
                let path = if path.is_empty() { "." } else { path };
                Ok(Self { path: PathBuf::from(path), flow: Some(flow.to_owned()) })
            }
            Some((path, flow)) if PathBuf::from(path).exists() => {
                Err(Stop::usage(format!("`{flow}` cannot be the name of a flow"))
                    .help("write PATH:flow, as in `examples/estate:handle`"))
            }
            Some(_) | None => Ok(whole()),
        }
    }
}

fn is_flow_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
