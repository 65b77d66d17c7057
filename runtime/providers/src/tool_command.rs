//! `tool f(a: T): R = command("program", ["--flag"])`: one run of a program.
//!
//! Arguments as JSON on its standard input, the result as JSON on its standard output. It sees a small
//! environment without our keys; the tool's own token is `FLOW_TOKEN`.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use flow_ir::units::ErrorClass;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::secrets::{SecretString, redact};
use crate::tool::{ToolError, ToolReply};

/// What a child may know of our environment.
pub(crate) const INHERITED: [&str; 12] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "SYSTEMROOT",
    "TEMP",
];

/// Bytes of standard output; more is an error.
const MOST_OUTPUT: u64 = 32 << 20;

/// Bytes of standard error that are read; the rest is discarded.
const MOST_STDERR: u64 = 64 << 10;

/// A call with everything evaluated.
#[derive(Clone, Debug)]
pub struct CommandCall {
    /// As declared, for messages.
    pub tool: String,
    /// A name on the `PATH`, or a path relative to `directory`.
    pub program: String,
    /// In order; no shell sees them.
    pub args: Vec<String>,
    /// Written to standard input.
    pub input: Value,
    /// Where it runs: the package.
    pub directory: PathBuf,
    /// Given as `FLOW_TOKEN`.
    pub auth: Option<SecretString>,
    /// Given as `FLOW_IDEMPOTENCY_KEY`.
    pub idempotency_key: Option<String>,
    /// After this the program and everything that it started is killed.
    pub timeout_ms: u64,
}

/// Runs the program once.
///
/// # Errors
/// It cannot be started, fails, does not end in time, or writes no JSON.
///
/// # Cancel safety
/// Dropping the future kills the program and everything that it started.
pub async fn call(call: &CommandCall) -> Result<ToolReply, ToolError> {
    let mut child = spawn(call)?;
    let _group = Group::of(&child);
    let limit = Duration::from_millis(call.timeout_ms);
    let finished = tokio::time::timeout(limit, talk(&mut child, call)).await;
    let (status, output, stderr) = finished.map_err(|_| {
        let message = format!(
            "`{}`: `{}` did not end within {} ms and was killed",
            call.tool, call.program, call.timeout_ms
        );
        ToolError::new(ErrorClass::Timeout, message)
    })??;
    if !status.success() {
        return Err(failed(call, status, &stderr));
    }
    answer(call, &output)
}

fn spawn(call: &CommandCall) -> Result<Child, ToolError> {
    let path = match call.program.contains('/') {
        true => call.directory.join(&call.program),
        false => PathBuf::from(&call.program),
    };
    let mut command = Command::new(path);
    command.args(&call.args).current_dir(&call.directory).env_clear().kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if let Some(token) = &call.auth {
        command.env("FLOW_TOKEN", token.expose_secret());
    }
    if let Some(key) = &call.idempotency_key {
        command.env("FLOW_IDEMPOTENCY_KEY", key);
    }
    #[cfg(unix)]
    command.process_group(0);
    command.spawn().map_err(|error| {
        ToolError::new(
            ErrorClass::Failed,
            format!("`{}`: cannot start `{}`: {error}", call.tool, call.program),
        )
    })
}

/// Writes and reads at once: a program may answer before it has read everything.
async fn talk(child: &mut Child, call: &CommandCall) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), ToolError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let input = call.input.to_string();
    let write = async move {
        if let Some(mut stdin) = stdin {
            // A program that does not read its input may close it; what counts is how it ends.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let broken = |error: std::io::Error| {
        ToolError::new(ErrorClass::Failed, format!("`{}`: lost `{}`: {error}", call.tool, call.program))
    };
    let ((), output, stderr) = tokio::join!(write, read(stdout, MOST_OUTPUT + 1), read(stderr, MOST_STDERR));
    let output = output.map_err(broken)?;
    if output.len() as u64 > MOST_OUTPUT {
        let message = format!("`{}`: `{}` wrote more than {MOST_OUTPUT} bytes", call.tool, call.program);
        return Err(ToolError::new(ErrorClass::Invalid, message));
    }
    let status = child.wait().await.map_err(broken)?;
    Ok((status, output, stderr.unwrap_or_default()))
}

/// At most this many bytes; the rest is read and dropped, so that the writer never blocks on us.
async fn read(pipe: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Vec<u8>> {
    let Some(mut pipe) = pipe else { return Ok(Vec::new()) };
    let mut kept = Vec::new();
    (&mut pipe).take(most).read_to_end(&mut kept).await?;
    if (kept.len() as u64) < most || most > MOST_OUTPUT {
        return Ok(kept);
    }
    tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    Ok(kept)
}

fn failed(call: &CommandCall, status: ExitStatus, stderr: &[u8]) -> ToolError {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join(" | ");
    let said = match redact(&tail, call.auth.as_ref()) {
        empty if empty.is_empty() => String::new(),
        said => format!(": {said}"),
    };
    ToolError::new(
        ErrorClass::Failed,
        format!("`{}`: `{}` ended with {status}{said}", call.tool, call.program),
    )
}

fn answer(call: &CommandCall, output: &[u8]) -> Result<ToolReply, ToolError> {
    if output.trim_ascii().is_empty() {
        return Ok(ToolReply::Empty);
    }
    serde_json::from_slice(output).map(ToolReply::Json).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        let message =
            format!("`{}`: `{}` wrote no JSON to its standard output ({place})", call.tool, call.program);
        ToolError::new(ErrorClass::Invalid, message)
    })
}

/// Kills what the program started as well, however the call ends.
pub(crate) struct Group(Option<u32>);

impl Group {
    pub(crate) fn of(child: &Child) -> Self {
        Self(child.id())
    }
}

impl Drop for Group {
    #[cfg(unix)]
    fn drop(&mut self) {
        let raw = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(group) = raw.and_then(rustix::process::Pid::from_raw) {
            // The usual case: nothing is left to kill.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn drop(&mut self) {}
}

#[cfg(test)]
mod tests;
