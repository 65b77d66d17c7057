//! How a command ends.

use std::process::ExitCode;

/// What the process tells its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: done, and nothing was wrong.
    Ok,
    /// 1: the package has errors, or a test failed.
    Diagnostics,
    /// 2: the command line asks for something that is not there or makes no sense.
    Usage,
    /// 3: a bug of flowc.
    Bug,
    /// 4: the run itself failed.
    RunFailed,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Diagnostics => 1,
            Self::Usage => 2,
            Self::Bug => 3,
            Self::RunFailed => 4,
        }
    }

    /// The worse of two: a later command part never hides an earlier failure.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        if self.code() >= other.code() { self } else { other }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command stopped before it could do its work.
#[derive(Debug)]
pub struct Stop {
    /// What the process tells its caller.
    pub exit: Exit,
    /// What is wrong, alone on one line.
    pub message: String,
    /// What to do about it, a line each.
    pub help: Vec<String>,
}

impl Stop {
    /// The command line asks for something that is not there or makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: Vec::new() }
    }

    /// The run failed.
    pub fn run_failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::RunFailed, message: message.into(), help: Vec::new() }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }
}

/// Writing to the terminal failed. A reader that went away (`flowc graph | head`) is no failure.
impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Ok, message: String::new(), help: Vec::new() };
        }
        Self::usage(format!("cannot write: {error}"))
    }
}

/// What a command gives back.
pub type Outcome = Result<Exit, Stop>;
