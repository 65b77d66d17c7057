//! An editor: one `flowc lsp` process, messages over its standard input and output, and a clock.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// When what was said about an edit.
pub(crate) struct Told {
    /// Until the first diagnostics of the file itself.
    pub(crate) own: Duration,
    /// Until those of all files, its importers too.
    pub(crate) all: Duration,
    /// How many there are of the file.
    pub(crate) count: usize,
}

/// A server with what it says.
pub(crate) struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    root: String,
    next: u64,
}

impl Client {
    /// Starts a server on a directory. `None` if it cannot be started.
    pub(crate) fn start(flowc: &Path, root: &Path) -> Option<Self> {
        let mut child = Command::new(flowc)
            .arg("lsp")
            .env("XDG_CACHE_HOME", root.join(".cache"))
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let (input, output) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        let root = format!("file://{}", root.display());
        let mut client = Self { child, input, output, root, next: 0 };
        let folder = json!({ "uri": client.root, "name": "bench" });
        let capabilities = json!({ "general": { "positionEncodings": ["utf-8"] } });
        client.ask(
            "initialize",
            json!({ "processId": null, "capabilities": capabilities, "workspaceFolders": [folder] }),
        )?;
        client.tell("initialized", json!({}));
        Some(client)
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        format!("{}/{name}", self.root)
    }

    /// A notification as bytes.
    pub(crate) fn notice(method: &str, params: Value) -> Vec<u8> {
        framed(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let written = self.input.write_all(bytes).and_then(|()| self.input.flush());
        assert!(written.is_ok(), "the server is gone");
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.raw(&Self::notice(method, params));
    }

    /// Sends a request, and gives its result.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Option<Value> {
        self.next += 1;
        let id = self.next;
        self.raw(&framed(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })));
        loop {
            let message = self.read()?;
            if message["id"] == id && message.get("method").is_none() {
                return Some(message["result"].clone());
            }
        }
    }

    pub(crate) fn open(&mut self, name: &str, text: &str) {
        let document = json!({ "uri": self.uri(name), "languageId": "flow", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// A change of a document as bytes: the text in a range is replaced.
    pub(crate) fn change(&self, name: &str, version: i32, range: &Value, text: &str) -> Vec<u8> {
        let document = json!({ "uri": self.uri(name), "version": version });
        let change = json!({ "range": range, "text": text });
        Self::notice(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        )
    }

    /// Waits for the diagnostics of a document, of that version if one is given.
    pub(crate) fn diagnostics(&mut self, name: &str, version: Option<i32>) -> Option<usize> {
        let uri = self.uri(name);
        loop {
            let message = self.read()?;
            let params = &message["params"];
            let is_it = message["method"] == "textDocument/publishDiagnostics" && params["uri"] == uri;
            if is_it && version.is_none_or(|version| params["version"] == version) {
                return params["diagnostics"].as_array().map(Vec::len);
            }
        }
    }

    /// Waits for the diagnostics of a version of a document, and for those of others, in any order.
    pub(crate) fn told(
        &mut self,
        begun: Instant,
        (name, version): (&str, i32),
        others: &[&String],
    ) -> Option<Told> {
        let own = self.uri(name);
        let mut open: Vec<String> = others.iter().map(|name| self.uri(name)).collect();
        let mut first = None;
        loop {
            let message = self.read()?;
            let params = &message["params"];
            if message["method"] != "textDocument/publishDiagnostics" {
                continue;
            }
            open.retain(|uri| params["uri"] != uri.as_str());
            if params["uri"] == own.as_str() && params["version"] == version && first.is_none() {
                first = Some((begun.elapsed(), params["diagnostics"].as_array().map_or(0, Vec::len)));
            }
            if let (Some((own, count)), true) = (first, open.is_empty()) {
                return Some(Told { own, all: begun.elapsed(), count });
            }
        }
    }

    /// Resident memory now, and at most so far, in megabytes.
    pub(crate) fn memory(&self) -> Option<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1e3)
        };
        Some((field("VmRSS:")?, field("VmHWM:")?))
    }

    fn read(&mut self) -> Option<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().ok()?,
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).ok()?;
        serde_json::from_slice(&body).ok()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn framed(message: &Value) -> Vec<u8> {
    let text = message.to_string();
    format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
}
