//! The person at this terminal.

use std::io::{self, BufRead as _};
use std::sync::Arc;

use flow_ir::Bundle;
use flow_ir::setup::Human;
use flow_ir::units::ErrorClass;
use flow_runtime::effects::{People, PersonAnswer, PersonError, Question};
use futures_util::future::BoxFuture;

use super::ask::{Dialog, ask};
use crate::terminal::{DIM, NAME, Terminal, paint};

/// Something that draws on the terminal and must stop while somebody is asked.
pub(crate) trait Pause: Send + Sync {
    /// Runs `act` while nothing else is drawn.
    fn pause(&self, act: &mut dyn FnMut());
}

/// Asks on stderr and reads stdin; one question at a time.
pub(crate) struct AtTerminal {
    bundle: Arc<Bundle>,
    terminal: Terminal,
    view: Option<Arc<dyn Pause>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl AtTerminal {
    pub(crate) fn new(bundle: Arc<Bundle>, terminal: Terminal, view: Option<Arc<dyn Pause>>) -> Self {
        Self { bundle, terminal, view, turn: Arc::default() }
    }
}

impl People for AtTerminal {
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<PersonAnswer, PersonError>> {
        let (question, terminal, view) = (question.clone(), self.terminal, self.view.clone());
        let (bundle, turn) = (Arc::clone(&self.bundle), Arc::clone(&self.turn));
        Box::pin(async move {
            let _turn = turn.lock_owned().await;
            // Reading a line blocks; when the run is cancelled the thread is left to its end.
            let asked = tokio::task::spawn_blocking(move || {
                let mut answer = Ok(None);
                let mut work = || answer = talk(&bundle, &question, terminal);
                match &view {
                    Some(view) => view.pause(&mut work),
                    None => work(),
                }
                answer
            });
            match asked.await {
                Ok(Ok(Some(answer))) => Ok(answer),
                Ok(Ok(None)) => Err(nobody("the input ended before there was an answer".to_owned())),
                Ok(Err(error)) => Err(nobody(format!("the terminal cannot be read: {error}"))),
                Err(_) => Err(nobody("the question was withdrawn".to_owned())),
            }
        })
    }
}

fn nobody(message: String) -> PersonError {
    PersonError { class: ErrorClass::Failed, message }
}

fn talk(bundle: &Bundle, question: &Question, terminal: Terminal) -> io::Result<Option<PersonAnswer>> {
    let Some(human) = bundle.humans.get(question.human.index()) else {
        return Ok(None);
    };
    let mut dialog = Streams { terminal };
    let Some(value) = ask(bundle, human, question, &mut dialog)? else {
        return Ok(None);
    };
    let Some(by) = signature(human, question, &mut dialog)? else {
        return Ok(None);
    };
    Ok(Some(PersonAnswer { value, by: Some(by.into()) }))
}

/// Who answered: whoever is logged in. Where several people are needed, each says who they are.
fn signature(human: &Human, question: &Question, dialog: &mut dyn Dialog) -> io::Result<Option<String>> {
    if question.before.is_empty() {
        let user = ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        return Ok(Some(user.or_else(|| human.role.as_ref().map(ToString::to_string)).unwrap_or_default()));
    }
    let before: Vec<&str> = question.before.iter().map(|name| name.as_str()).collect();
    let prompt = format!("  your name {}: ", paint(DIM, format!("(not {})", before.join(", "))));
    loop {
        match dialog.line(&prompt)? {
            Some(name) if name.trim().is_empty() => {}
            other => return Ok(other.map(|name| name.trim().to_owned())),
        }
    }
}

struct Streams {
    terminal: Terminal,
}

impl Dialog for Streams {
    fn say(&mut self, text: &str) {
        self.terminal.err(text);
    }

    fn line(&mut self, prompt: &str) -> io::Result<Option<String>> {
        self.terminal.err(&format!("{} {prompt}", paint(NAME, "›")));
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }
}
