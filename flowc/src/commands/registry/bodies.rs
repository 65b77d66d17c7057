//! `flowc registry bodies [ADDRESS]`.

use flow_registry::bodies::Scheme;
use flow_registry::bodies::folder::KeyFile;
use flow_registry::{Address, Error, Trouble};
use serde_json::json;

use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::{self, Signature, Store};
use crate::registry::vaults;
use crate::terminal::{BOLD, Terminal, WARN, paint};

/// Where they are if nothing was said.
const INLINE: &str = "inline";

/// `flowc registry bodies [ADDRESS] --reason R`
///
/// Says where the contents of versions are kept that are published from now on, or shows it. Those that are there
/// already stay where they are. Elsewhere than in the file they are sealed: each with a key of its own.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// `s3://BUCKET/PREFIX?kms=KEY`, `file:///FOLDER?key=FILE`, or `inline` for the registry's file.
    #[arg(value_name = "ADDRESS")]
    pub address: Option<String>,
    /// Who does it, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Sets or shows it.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let Some(text) = &args.address else {
        let said = args.store.existing()?.bodies().map_err(store::stop)?;
        return tell(said.as_ref(), args.store.json, terminal);
    };
    let address = match text.as_str() {
        INLINE => None,
        text => Some(text.parse::<Address>().map_err(|error| store::stop(Error::Address(error)))?),
    };
    let who = args.signature.who_and_why()?;
    if let Some(address) = &address {
        prepare(address, terminal)?;
    }
    let mut registry = args.store.open()?;
    let said = registry.change::<_, Error>(&who, |change| change.keep_bodies_in(address.as_ref()));
    said.map_err(store::stop)?;
    tell(address.as_ref(), args.store.json, terminal)
}

/// A store that cannot keep anything is refused before anybody counts on it.
fn prepare(address: &Address, terminal: &Terminal) -> Result<(), Stop> {
    let stop = |trouble: Trouble| Stop::usage(trouble.to_string());
    if address.scheme == Scheme::File {
        let key = vaults::key_of(address);
        if KeyFile::make(&key).map_err(stop)? {
            let line =
                format!("made the key `{}`: keep a copy, nothing can be read without it", key.display());
            terminal.note(paint(WARN, line));
        }
    }
    vaults::open(address).and_then(|vault| vault.try_out()).map_err(stop)
}

fn tell(address: Option<&Address>, json: bool, terminal: &Terminal) -> Outcome {
    let text = address.map_or_else(|| INLINE.to_owned(), ToString::to_string);
    if json {
        terminal.line(json!({ "bodies": text }))?;
    } else {
        terminal.line(paint(BOLD, text))?;
    }
    Ok(Exit::Ok)
}
