//! The flowc command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowc::main()
}
