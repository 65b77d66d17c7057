//! `flowc split pause|resume SPLIT ARM --reason …`.

use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::MessageKind;
use serde_json::json;

use super::arms::{Known, known};
use crate::commands::explain::closest;
use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::Signature;
use crate::terminal::{Terminal, clean};

/// `flowc split pause|resume SPLIT ARM`
///
/// The server that drives the store obeys within a quarter of a second; without one, the next one does. What is decided
/// stays decided over restarts and deploys, until somebody decides again.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which split.
    #[arg(value_name = "SPLIT")]
    pub split: String,
    /// Which arm: its number or its name, as `flowc split list` shows them.
    #[arg(value_name = "ARM")]
    pub arm: String,
    /// Of this package, if several have such a split.
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
    /// Who decides this, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Asks for it.
pub(super) fn run(args: &Args, paused: bool, terminal: &Terminal) -> Outcome {
    let who = args.signature.who_and_why()?;
    let store = durable::visit(&args.common.store)?;
    let Known { package, split, arm, .. } = chosen(args, known(&store)?)?;
    let kind = MessageKind::Arm {
        package: package.clone(),
        split: split.clone(),
        arm: arm.clone(),
        paused,
        by: who.actor,
        reason: who.reason,
    };
    store.leave_message("", &kind, SystemClock.now_ms()).map_err(|error| durable::stop(&error))?;
    if args.common.json {
        terminal.line(json!({ "package": package, "split": split, "arm": arm, "pause": paused }))?;
    } else {
        let will = if paused { "will get no calls" } else { "will get its share of calls" };
        terminal.note(clean(&format!("`{arm}` of `{split}` {will}")));
    }
    Ok(Exit::Ok)
}

fn chosen(args: &Args, arms: Vec<Known>) -> Result<Known, Stop> {
    let is_of_package = |arm: &Known| args.package.as_ref().is_none_or(|package| arm.package == *package);
    let (of_split, others): (Vec<Known>, Vec<Known>) =
        arms.into_iter().partition(|arm| arm.split == args.split && is_of_package(arm));
    let Some(first) = of_split.first() else { return Err(no_split(args, &others)) };
    if let Some(other) = of_split.iter().find(|arm| arm.package != first.package) {
        let several = format!("`{}` and `{}` have a split `{}`", first.package, other.package, args.split);
        return Err(Stop::usage(several).help("--package NAME says which is meant"));
    }
    let number = args.arm.parse::<usize>().ok();
    let is_it = |arm: &&Known| arm.arm == args.arm || number == Some(arm.number);
    of_split.iter().find(is_it).cloned().ok_or_else(|| no_arm(args, &of_split))
}

fn no_split(args: &Args, arms: &[Known]) -> Stop {
    let stop = Stop::usage(format!("the store knows no split `{}`", args.split));
    match closest(&args.split, arms.iter().map(|arm| arm.split.as_str())) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None => stop.help(format!("flowc split list --store {}", args.common.store.display())),
    }
}

fn no_arm(args: &Args, arms: &[Known]) -> Stop {
    let stop = Stop::usage(format!("`{}` has no arm `{}`", args.split, args.arm));
    match closest(&args.arm, arms.iter().map(|arm| arm.arm.as_str())) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<String> = arms.iter().map(|arm| format!("{} {}", arm.number, arm.arm)).collect();
            stop.help(format!("there are {}", names.join(", ")))
        }
    }
}
