//! What a model says, before any protocol writes it down.

use flow_model::Finish;

/// An answer.
#[derive(Clone, Debug)]
pub struct Said {
    /// The text, in the pieces in which it is streamed.
    pub text: Vec<&'static str>,
    pub calls: Vec<Call>,
    pub finish: Finish,
    pub counts: Option<Counts>,
    pub refusal: Option<&'static str>,
    /// What it thought before.
    pub thought: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub id: &'static str,
    pub name: &'static str,
    /// JSON, in the pieces in which it is streamed.
    pub arguments: [&'static str; 2],
}

/// As `flow-model` counts: cached ones are part of the input, reasoning is part of the output.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub input: u64,
    pub cached: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl Said {
    pub fn text(pieces: &[&'static str]) -> Self {
        Self {
            text: pieces.to_vec(),
            calls: Vec::new(),
            finish: Finish::Stop,
            counts: Some(Counts { input: 11, cached: 3, output: 7, reasoning: 2 }),
            refusal: None,
            thought: None,
        }
    }

    pub fn whole_text(&self) -> String {
        self.text.concat()
    }
}

impl Call {
    pub fn whole(&self) -> String {
        self.arguments.concat()
    }
}
