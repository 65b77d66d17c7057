//! Everything that is printed: results on stdout, everything else on stderr, styled if the stream wants it.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects, Style};
use flow_diagnostics::render::pretty;

use crate::cli::Color;
use crate::exit::{Exit, Stop};

/// Words that matter.
pub const BOLD: Style = Style::new().effects(Effects::BOLD);
/// Words that matter less.
pub const DIM: Style = Style::new().effects(Effects::DIMMED);
/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What needs a look.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
/// Names of things.
pub const NAME: Style = AnsiColor::Cyan.on_default();

/// `text` in a style. Streams without colours drop the style when it is written.
#[must_use]
pub fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The two streams and what they can do.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    out: ColorChoice,
    err: ColorChoice,
    quiet: bool,
}

impl Terminal {
    /// Looks at the process's streams and environment once.
    #[must_use]
    pub fn new(color: Color, quiet: bool) -> Self {
        let (out, err) = match color {
            Color::Auto => (AutoStream::choice(&io::stdout()), AutoStream::choice(&io::stderr())),
            Color::Always => (ColorChoice::AlwaysAnsi, ColorChoice::AlwaysAnsi),
            Color::Never => (ColorChoice::Never, ColorChoice::Never),
        };
        Self { out, err, quiet }
    }

    /// Whether stderr shows colours.
    #[must_use]
    pub fn color(&self) -> bool {
        self.err != ColorChoice::Never
    }

    /// Whether somebody watches stderr and may be shown progress.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Whether stdout is a terminal.
    #[must_use]
    pub fn out_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether somebody is there to answer questions.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether only results and errors are wanted.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Columns of stderr, 100 if it is no terminal; `COLUMNS` wins.
    #[must_use]
    pub fn width(&self) -> usize {
        let wanted = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let real = || terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0));
        wanted.or_else(real).unwrap_or(100).clamp(40, 200)
    }

    /// How diagnostics are drawn here.
    #[must_use]
    pub fn style(&self) -> pretty::Style {
        pretty::Style { color: self.color(), unicode: true, width: self.width() }
    }

    /// Writes a result to stdout as it is.
    ///
    /// # Errors
    /// When the stream is closed or full.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut out = AutoStream::new(io::stdout().lock(), self.out);
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a result and a line break to stdout.
    ///
    /// # Errors
    /// When the stream is closed or full.
    pub fn line(&self, text: impl std::fmt::Display) -> io::Result<()> {
        self.print(&format!("{text}\n"))
    }

    /// Writes to stderr as it is, whatever `--quiet` says.
    pub fn err(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.err);
        // Nothing can be done if stderr is gone.
        drop(err.write_all(text.as_bytes()).and_then(|()| err.flush()));
    }

    /// Writes a line about what is going on to stderr, unless `--quiet`.
    pub fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            self.err(&format!("{text}\n"));
        }
    }

    /// Says on stderr why a command stopped, and returns what to tell the caller.
    #[must_use]
    pub fn stop(&self, stop: &Stop) -> Exit {
        if !stop.message.is_empty() {
            self.err(&format!("{}: {}\n", paint(BAD, "error"), stop.message));
        }
        for line in &stop.help {
            self.err(&format!("  {} {line}\n", paint(NAME, "help:")));
        }
        stop.exit
    }
}

/// Text that others wrote, safe to show: control characters (which could move the cursor or hide words) become
/// `U+FFFD`; line breaks and tabs stay.
#[must_use]
pub fn clean(text: &str) -> String {
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if harmless(c) { c } else { '\u{FFFD}' }).collect()
}

/// `1 test`, `2 tests`.
#[must_use]
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}
