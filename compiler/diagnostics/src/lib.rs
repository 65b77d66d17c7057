//! What the compiler says: diagnostics as data, the error index, renderers.
//!
//! A [`Diagnostic`] is a value: a [`Code`] from the [`index`], a message, labelled places, notes, help and
//! edits. Rendering is elsewhere: [`render::json`], [`render::sarif`] and [`render::github`] always,
//! [`render::pretty`] with the feature `fancy`.
//! Nothing here knows the language. Start reading at [`Diagnostic`].

pub mod index;
pub mod render;
mod source;

pub use index::{Code, Severity};
pub use source::{FileId, LineColumn, SourceFile, SourceMap, Span};

/// One thing the compiler says.
///
/// The message stands alone on one line: lower case, no full stop, names in backticks, numbers with units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Stable code.
    pub code: &'static Code,
    /// How bad it is here: what the code says, unless the package's `[lints]` say otherwise.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What is *here*.
    pub primary: Label,
    /// What else matters, in any file.
    pub secondary: Vec<Label>,
    /// Why we care.
    pub notes: Vec<String>,
    /// What to type.
    pub help: Option<String>,
    /// The edit that does what `help` says.
    pub fix: Option<Fix>,
    /// Which other errors make this one pointless, if its code alone does not say it.
    pub echo: Option<Echo>,
}

/// When a diagnostic is only an echo of another mistake, and is not said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Echo {
    /// Never: it is a mistake of its own, whatever else is wrong.
    Never,
    /// If a name in the same declaration is unknown.
    OfNamesInItem,
    /// If a name in the package is unknown.
    OfNames,
    /// If anything in the package is wrong.
    OfErrors,
}

impl Diagnostic {
    /// A diagnostic with its primary place.
    pub fn new(
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            primary: Label { span, text: label.into() },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
            echo: None,
        }
    }

    /// Adds a place that matters too.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says what to type.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds the edit that mends it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }

    /// Says which other errors make this one pointless.
    #[must_use]
    pub fn echo(mut self, echo: Echo) -> Self {
        self.echo = Some(echo);
        self
    }

    /// Whether a build with this diagnostic fails.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// A place with a few words about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What about it; may be empty.
    pub text: String,
}

/// Edits that mend a diagnostic, all or none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What it does, as a menu entry.
    pub title: String,
    /// Not overlapping.
    pub edits: Vec<Edit>,
}

/// Replace the text at `span`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}
