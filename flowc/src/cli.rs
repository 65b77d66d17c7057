//! What can be typed.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{
    add, audit, build, bundle, check, completions, contract, cost, deploy, eval, explain, fmt, graph, keys,
    lock, lsp, mcp, migrate, model, models, new, prompt, questions, registry, release, replay, resume,
    rollback, run, runs, serve, split, store, test,
};
use crate::exit::Exit;

/// A checked language for AI workflows.
///
/// Exit codes: 0 ok, 1 diagnostics or failed tests, 2 usage, 3 our bug, 4 the run failed.
#[derive(Parser, Debug)]
#[command(name = "flowc", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// Understood by every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Args, Debug)]
pub struct Global {
    /// Colours: `auto` looks at the terminal and at NO_COLOR.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Print results and errors only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log what happens: -v, -vv, -vvv. FLOWC_LOG sets it per crate. Never prompts, replies or secrets.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal that wants them.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make a package that checks, tests and runs
    New(new::Args),
    /// Say what is wrong with packages
    Check(check::Args),
    /// Declare what others offer
    Add(add::Args),
    /// Print files in the one style there is
    Fmt(fmt::Args),
    /// Say what flows cost at most, before they run
    Cost(cost::Args),
    /// Draw a flow
    Graph(graph::Args),
    /// Run a flow to its end
    Run(run::Args),
    /// Serve flows over HTTP
    Serve(serve::Args),
    /// Go on with runs that are kept in a file
    Resume(resume::Args),
    /// Look at runs that are kept in a file
    Runs(runs::Args),
    /// Walk a kept run again, as it was or with a change
    Replay(replay::Args),
    /// Which arm of a split does better
    Split(split::Args),
    /// Copy, check and clean up a file of runs
    Store(store::Args),
    /// What people are asked, and their answers
    Questions(questions::Args),
    /// Who may use a server
    Keys(keys::Args),
    /// Run the tests of packages
    Test(test::Args),
    /// Run the evals of packages: rows of a dataset, aggregates, which of two is better
    Eval(eval::Args),
    /// Write the bundle that `flowc run` and servers take
    Build(build::Args),
    /// List what a security reviewer must know; show and prove who moved what
    Audit(audit::Args),
    /// Write down what packages depend on besides their text
    Lock(lock::Args),
    /// Say which parked runs can go on in a new version
    Migrate(migrate::Args),
    /// Talk with an editor: the language server, on stdin and stdout
    Lsp(lsp::Args),
    /// Publish a package and move a pointer to it
    Deploy(deploy::Args),
    /// Move a deployed package's pointer back to where it was
    Rollback(rollback::Args),
    /// Prompts in the registry: versions and pointers
    Prompt(prompt::Args),
    /// Models in the registry: versions and pointers
    Model(model::Args),
    /// Deployed packages: versions and pointers
    Bundle(bundle::Args),
    /// The registry itself: where contents are kept, what is protected, who approves, what is deleted
    Registry(registry::Args),
    /// Several pointers that move, and go back, as one
    Release(release::Args),
    /// What a package expects of a prompt or model of the registry
    Contract(contract::Args),
    /// Explain a diagnostic or a declaration
    Explain(explain::Args),
    /// Offer every public flow as a tool to MCP clients
    Mcp(mcp::Args),
    /// List the models of a package, show one, or ask whether they answer
    Models(models::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// Prints what clap has to say: help and version on stdout, mistakes on stderr.
pub(crate) fn explain_usage(error: &clap::Error) -> ExitCode {
    // Nothing can be done if the stream is gone.
    drop(error.print());
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() }
}
