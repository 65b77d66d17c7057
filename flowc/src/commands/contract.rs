//! `flowc contract NAME`.

use std::path::PathBuf;
use std::sync::Arc;

use flow_compiler::registry::{Refusal, Version, Versions, refusals};
use flow_ir::Bundle;
use flow_registry::{Kind, Reference};
use serde_json::json;

use crate::commands::explain::closest;
use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::{self, Store};
use crate::registry::version;
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, Terminal, paint};

/// `flowc contract NAME`
///
/// What a package expects of a prompt or model of the registry, as a file that a version can begin with; and whether what
/// is there now, or another version, fits. Exits with 1 if it does not.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// `support/triage@prod` as the package names it, another version of it (`support/triage@v3`), or the name that it is
    /// declared under.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The package.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub package: PathBuf,
    /// Where the registry is.
    #[command(flatten)]
    pub store: Store,
}

/// What a package names.
struct Named<'b> {
    kind: Kind,
    /// As declared.
    name: &'b str,
    /// `support/triage@prod`.
    reference: &'b str,
    text: String,
}

/// Prints it.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let Some(built) = compile::target(&args.package, terminal)? else { return Ok(Exit::Diagnostics) };
    let all = named(&built.bundle);
    let found = all.iter().find(|named| named.is(&args.name)).ok_or_else(|| unknown(&args.name, &all))?;
    let wanted = if args.name.contains('@') { args.name.as_str() } else { found.reference };
    let there = there(args, found, wanted, &built.root)?;
    let wrong = there.as_ref().map(|version| misfits(&built.bundle, found, version));
    let number = there.as_ref().map(|version| version.number);
    if args.store.json {
        let said = |refusal: &Refusal| json!({ "code": refusal.code.number, "message": refusal.message, "help": refusal.help });
        let diagnostics: Option<Vec<_>> = wrong.as_ref().map(|wrong| wrong.iter().map(said).collect());
        let fits = wrong.as_ref().map(Vec::is_empty);
        let line = json!({ "kind": found.kind, "name": found.name, "reference": found.reference,
                           "text": found.text, "version": number, "fits": fits, "diagnostics": diagnostics });
        terminal.line(format!("{line:#}"))?;
    } else {
        terminal.print(&found.text)?;
        tell(wanted, number, wrong.as_deref(), terminal);
    }
    Ok(if wrong.is_some_and(|wrong| !wrong.is_empty()) { Exit::Diagnostics } else { Exit::Ok })
}

fn named(bundle: &Bundle) -> Vec<Named<'_>> {
    let prompts = bundle.registry_prompts().filter_map(|(id, reference)| {
        let prompt = bundle.prompts.get(id.index())?;
        let text = version::contract_of_prompt(bundle, prompt);
        Some(Named { kind: Kind::Prompt, name: &prompt.name, reference, text })
    });
    let models = bundle.registry_models().filter_map(|(id, reference)| {
        let model = bundle.models.get(id.index())?;
        let text = version::model_text(model);
        Some(Named { kind: Kind::Model, name: &model.name, reference, text })
    });
    prompts.chain(models).collect()
}

impl Named<'_> {
    fn is(&self, text: &str) -> bool {
        let of = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
        text == self.name || text == self.reference || of(text) == of(self.reference)
    }
}

fn unknown(name: &str, all: &[Named<'_>]) -> Stop {
    let stop = Stop::usage(format!("the package takes no `{name}` from the registry"));
    let names = || all.iter().flat_map(|named| [named.reference, named.name]);
    match (closest(name, names()), all.is_empty()) {
        (Some(near), _) => stop.help(format!("did you mean `{near}`?")),
        (None, false) => stop.help(format!("it takes {}", names().collect::<Vec<_>>().join(", "))),
        (None, true) => stop.help("it takes nothing from there"),
    }
}

/// What the registry has now; `None` if there is none, or nothing of this name.
fn there(
    args: &Args,
    found: &Named<'_>,
    wanted: &str,
    root: &std::path::Path,
) -> Result<Option<Version>, Stop> {
    let store = args.store.of(root);
    if store.server.is_none() && args.store.file.is_none() && !store.path().exists() {
        return Ok(None);
    }
    let reference: Reference =
        wanted.parse().map_err(|error: flow_registry::BadName| store::stop(error.into()))?;
    let place = store.place()?;
    let listed = place.list(found.kind, None)?;
    let is_there = match &reference.selector {
        flow_registry::Selector::Version(_) => true,
        flow_registry::Selector::Pointer(name) => {
            listed.pointers.iter().any(|pointer| pointer.name == reference.name && pointer.pointer == *name)
        }
    };
    if !is_there {
        return Ok(None);
    }
    let (version, _) = place.resolve(found.kind, &reference)?;
    let bundle = Arc::new(version::bundle(&version.body)?);
    Ok(Some(Version { number: version.row.number, bundle }))
}

/// What of the version does not fit what the package declares.
fn misfits(bundle: &Bundle, found: &Named<'_>, version: &Version) -> Vec<Refusal> {
    let mut versions = Versions::default();
    let known = if found.kind == Kind::Model { &mut versions.models } else { &mut versions.prompts };
    known.insert(found.reference.to_owned(), version.clone());
    refusals(bundle, &versions)
}

fn tell(wanted: &str, number: Option<u32>, wrong: Option<&[Refusal]>, terminal: &Terminal) {
    let (Some(number), Some(wrong)) = (number, wrong) else {
        return terminal.note(paint(DIM, format!("`{wanted}` is not in the registry")));
    };
    if wrong.is_empty() {
        return terminal.note(format!("{} {wanted} is v{number}", paint(GOOD, "fits:")));
    }
    for refusal in wrong {
        let code = paint(BAD, format!("error[{}]", refusal.code.number));
        terminal.err(&format!("{code}: {}\n", refusal.message));
        terminal.err(&format!("  {} {}\n", paint(NAME, "help:"), refusal.help));
    }
    terminal.note(format!("{} is v{number}", paint(BOLD, wanted)));
}
