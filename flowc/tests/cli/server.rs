//! `flowc serve` as a process, and the smallest client there is.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::flowc::Place;

/// A server that ends with the test.
pub(crate) struct Server {
    child: Child,
    address: String,
    said: Arc<Mutex<Vec<String>>>,
    pub(crate) key: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// `data:` lines of a stream of events.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.text.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
    }
}

impl Server {
    /// Serves what is in the place, on a free port.
    pub(crate) fn start(place: &Place, args: &[&str]) -> Self {
        let mut all = vec!["serve"];
        all.extend(args);
        all.extend(["--listen", "127.0.0.1:0", "--store", "flow.db"]);
        let mut command = place.command(&all);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("{seen:?}")).unwrap();
            match line.split_once("http://") {
                Some((_, address)) => break address.trim().to_owned(),
                None => seen.push(line),
            }
        };
        let said = Arc::new(Mutex::new(seen));
        let heard = Arc::clone(&said);
        // Whoever closes the pipe ends the server's next word.
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line));
        });
        Self { child, address, said, key: None }
    }

    /// `127.0.0.1:4711`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it said on stderr so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    pub(crate) fn with_key<'a>(&'a self, key: &'a str) -> Client<'a> {
        Client { server: self, key: Some(key) }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        Client { server: self, key: self.key.as_deref() }.ask("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        Client { server: self, key: self.key.as_deref() }.ask("POST", path, Some(&body.to_string()))
    }

    /// Bytes as they are, and what comes back until the end.
    pub(crate) fn raw(&self, request: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that has heard enough closes early.
        drop(stream.write_all(request));
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes));
        reply(&bytes)
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Somebody with a key.
pub(crate) struct Client<'a> {
    server: &'a Server,
    key: Option<&'a str>,
}

impl Client<'_> {
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Reply {
        let key = self.key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let body = body.unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{key}content-length: {}\r\n\r\n",
            body.len()
        );
        self.server.raw(format!("{head}{body}").as_bytes())
    }
}

fn reply(bytes: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let text = if chunked { unchunked(body) } else { body.to_owned() };
    Reply { status, head: head.to_owned(), text }
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let Some(chunk) = rest.get(..size).filter(|_| size > 0) else { break };
        text.push_str(chunk);
        body = rest.get(size + 2..).unwrap_or_default();
    }
    text
}

/// Asks again until it is so: there is no other way to see another process.
#[track_caller]
pub(crate) fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(seen) = look() {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never was");
}
