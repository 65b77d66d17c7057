//! A server that is a program: one message a line.

use std::path::Path;
use std::process::Stdio;

use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Broken;
use super::wire::{self, LONGEST, Message};
use crate::secrets::SecretString;
use crate::tool_command::{Group, INHERITED};

pub(super) struct Pipe {
    child: std::sync::Mutex<Child>,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    last_id: u64,
    /// The server said that its tools changed.
    pub(super) changed: bool,
    _group: Group,
}

impl Pipe {
    /// Starts the program in a small environment without our keys; its own token has the name that flow.toml gives it.
    pub(super) fn start(
        words: &[String],
        directory: &Path,
        token: Option<(String, SecretString)>,
    ) -> Result<Self, Broken> {
        let lost = |why: String| Broken::Lost(format!("cannot be started: {why}"));
        let Some((program, args)) = words.split_first() else {
            return Err(lost("its command is empty".to_owned()));
        };
        let path = if program.contains('/') { directory.join(program) } else { program.into() };
        let mut command = Command::new(path);
        command.args(args).current_dir(directory).env_clear().kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some((name, token)) = token {
            command.env(name, token.expose_secret());
        }
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| lost(format!("`{program}`: {error}")))?;
        let group = Group::of(&child);
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(lost("it has no standard input and output".to_owned()));
        };
        let stdout = BufReader::new(stdout);
        Ok(Self {
            child: std::sync::Mutex::new(child),
            stdin,
            stdout,
            last_id: 0,
            changed: false,
            _group: group,
        })
    }

    pub(super) fn is_alive(&self) -> bool {
        self.child.lock().is_ok_and(|mut child| matches!(child.try_wait(), Ok(None)))
    }

    pub(super) async fn request(&mut self, method: &str, params: Value) -> Result<Value, Broken> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&wire::request(id, method, &params)).await?;
        loop {
            let message = self.receive().await?;
            match wire::read(&message, id) {
                Message::Answer(answer) => return answer,
                Message::Question(answer) => self.send(&answer).await?,
                Message::Changed => self.changed = true,
                Message::Other => {}
            }
        }
    }

    pub(super) async fn notify(&mut self, method: &str) -> Result<(), Broken> {
        self.send(&wire::notification(method)).await
    }

    async fn send(&mut self, message: &Value) -> Result<(), Broken> {
        let line = format!("{message}\n");
        let lost = |_| Broken::Lost("ended before it was asked".to_owned());
        self.stdin.write_all(line.as_bytes()).await.map_err(lost)?;
        self.stdin.flush().await.map_err(lost)
    }

    /// The next line that is JSON. Some servers log on their standard output; that is skipped.
    async fn receive(&mut self) -> Result<Value, Broken> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.stdout).take(LONGEST).read_until(b'\n', &mut line).await;
            match read {
                Ok(0) => return Err(Broken::Lost("ended without an answer".to_owned())),
                Ok(_) if !line.ends_with(b"\n") && line.len() as u64 >= LONGEST => {
                    return Err(Broken::Lost(format!("sent a line of more than {LONGEST} bytes")));
                }
                Ok(_) => {
                    if let Ok(message) = serde_json::from_slice(&line) {
                        return Ok(message);
                    }
                }
                Err(error) => return Err(Broken::Lost(format!("cannot be read: {error}"))),
            }
        }
    }
}
