//! A small client: a temporary workspace, one server, messages in order.

use std::collections::VecDeque;
use std::io::{BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// Long enough for any machine: a server that takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A workspace with a server that looks at it.
pub(crate) struct Client {
    pub(crate) directory: tempfile::TempDir,
    child: Child,
    input: Option<ChildStdin>,
    incoming: Receiver<Value>,
    waiting: VecDeque<Value>,
    next: i64,
    pub(crate) capabilities: Value,
}

impl Client {
    /// Starts a server on a directory with files, as an editor that counts in UTF-16 and waits for diagnostics.
    pub(crate) fn start(files: &[(&str, &str)]) -> Self {
        Self::with(files, &json!({ "general": { "positionEncodings": ["utf-16"] } }))
    }

    pub(crate) fn with(files: &[(&str, &str)], capabilities: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_flowc"))
            .arg("lsp")
            .env("XDG_CACHE_HOME", directory.path().join(".cache"))
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut client = Self {
            directory,
            child,
            input,
            incoming,
            waiting: VecDeque::new(),
            next: 0,
            capabilities: Value::Null,
        };
        let folder = json!({ "uri": client.uri(""), "name": "test" });
        let params = json!({ "processId": null, "capabilities": capabilities, "workspaceFolders": [folder] });
        let answer = client.ask("initialize", &params);
        client.capabilities = answer["capabilities"].clone();
        client.tell("initialized", &json!({}));
        client
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        format!("file://{}", path.display()).trim_end_matches('/').to_owned()
    }

    /// The file's name, for snapshots.
    pub(crate) fn name(&self, uri: &str) -> String {
        uri.replace(&format!("{}/", self.uri("")), "")
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request without waiting for its answer.
    pub(crate) fn begin(&mut self, method: &str, params: &Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Answers a request of the server.
    pub(crate) fn reply(&mut self, id: &Value, result: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    /// The messages that came and nobody has asked for yet.
    pub(crate) fn waiting(&self, fits: &dyn Fn(&Value) -> bool) -> Vec<&Value> {
        self.waiting.iter().filter(|message| fits(message)).collect()
    }

    /// The answer to a request, whatever else comes before it.
    pub(crate) fn answer(&mut self, id: i64) -> Value {
        self.find(&|message| message["id"] == id && message.get("method").is_none())
    }

    /// The result of a request.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.begin(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The error of a request.
    pub(crate) fn refused(&mut self, method: &str, params: &Value) -> String {
        let id = self.begin(method, params);
        let answer = self.answer(id);
        answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{method}: {answer}")).to_owned()
    }

    /// The next message that fits; others wait for their turn.
    pub(crate) fn find(&mut self, fits: &dyn Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.waiting.iter().position(fits) {
            return self.waiting.remove(at).unwrap();
        }
        loop {
            match self.incoming.recv_timeout(PATIENCE) {
                Ok(message) if fits(&message) => return message,
                Ok(message) => self.waiting.push_back(message),
                Err(RecvTimeoutError::Timeout) => panic!("no answer; so far: {:?}", self.waiting),
                Err(RecvTimeoutError::Disconnected) => panic!("the server is gone: {:?}", self.child.wait()),
            }
        }
    }

    pub(crate) fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        let document = json!({ "uri": uri, "languageId": "flow", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    pub(crate) fn change(&mut self, name: &str, version: i32, changes: &Value) {
        let document = json!({ "uri": self.uri(name), "version": version });
        self.tell("textDocument/didChange", &json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// The diagnostics of a version of a document.
    pub(crate) fn diagnostics(&mut self, name: &str, version: i32) -> Vec<Value> {
        let uri = self.uri(name);
        let found = self.find(&|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri
                && params["version"] == version
        });
        found["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Parameters of a request about a place.
    pub(crate) fn at(&self, name: &str, (line, character): (u32, u32)) -> Value {
        json!({
            "textDocument": { "uri": self.uri(name) },
            "position": { "line": line, "character": character },
        })
    }

    /// Ends the server as an editor does, and says how it ended.
    pub(crate) fn stop(mut self) -> i32 {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        drop(self.input.take());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            line => {
                if let Some(number) = line.strip_prefix("Content-Length: ") {
                    length = number.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// Line and column of the cursor `‸` in a text, and the text without it. Columns count in UTF-16.
pub(crate) fn cursor(marked: &str) -> (String, (u32, u32)) {
    let (before, after) = marked.split_once('‸').unwrap();
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
    (format!("{before}{after}"), (line as u32, column as u32))
}
