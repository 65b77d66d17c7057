//! A server that is scripted to the byte: what is sent, in which pieces, and how it ends.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::Value;

/// What is answered.
#[derive(Clone, Debug)]
pub struct Script {
    pub status: u16,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Body,
    /// Before anything is sent.
    pub silent: bool,
    /// Whether the connection is closed after the answer, without saying so before.
    pub hangs_up: bool,
}

#[derive(Clone, Debug)]
pub enum Body {
    /// With its length.
    Whole(Vec<u8>),
    /// Fewer bytes than the length says.
    Short(Vec<u8>, usize),
    /// In chunks, and how it ends.
    Pieces(Vec<Vec<u8>>, End),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The body is complete for HTTP.
    Proper,
    /// The connection is closed in its middle.
    Cut,
    /// Nothing more comes.
    Silence,
}

impl Script {
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", b"application/json".to_vec())];
        let body = Body::Whole(body.to_string().into_bytes());
        Self { status, headers, body, silent: false, hangs_up: false }
    }

    pub fn stream(content_type: &'static str, pieces: Vec<Vec<u8>>, end: End) -> Self {
        let headers = vec![("content-type", content_type.as_bytes().to_vec())];
        Self { status: 200, headers, body: Body::Pieces(pieces, end), silent: false, hangs_up: false }
    }

    pub fn with(mut self, name: &'static str, value: &[u8]) -> Self {
        self.headers.push((name, value.to_vec()));
        self
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub verb: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
    /// The same to the letter.
    pub text: String,
}

/// The running server.
pub struct Server {
    pub origin: String,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    closed: mpsc::Receiver<()>,
}

impl Server {
    pub fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::describing(None, scripts)
    }

    /// With metadata, every GET is answered with it: it is neither scripted nor written down.
    pub fn describing(metadata: Option<Value>, scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let scripts = Arc::new(Mutex::new(scripts.into_iter().collect()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (closing, closed) = mpsc::channel();
        let (for_scripts, for_seen) = (Arc::clone(&scripts), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (scripts, seen) = (Arc::clone(&for_scripts), Arc::clone(&for_seen));
                let (closing, metadata) = (closing.clone(), metadata.clone());
                std::thread::spawn(move || {
                    let _ = talk(stream.unwrap(), metadata.as_ref(), &scripts, &seen, &closing);
                });
            }
        });
        Self { origin, scripts, seen, closed }
    }

    pub fn push(&self, script: Script) {
        self.scripts.lock().unwrap().push_back(script);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until a client has closed a connection whose answer was not finished, or that was hung up.
    pub fn was_closed_by_the_client(&self) -> bool {
        self.closed.recv_timeout(Duration::from_secs(10)).is_ok()
    }
}

fn talk(
    stream: TcpStream,
    metadata: Option<&Value>,
    scripts: &Mutex<VecDeque<Script>>,
    seen: &Mutex<Vec<Seen>>,
    closing: &mpsc::Sender<()>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = request(&mut reader)? {
        if let Some(metadata) = metadata.filter(|_| request.verb == "GET") {
            answer(&mut writer, &Script::json(200, metadata))?;
            continue;
        }
        seen.lock().unwrap().push(request);
        let Some(script) = scripts.lock().unwrap().pop_front() else {
            write!(writer, "HTTP/1.1 599 Used Up\r\ncontent-length: 0\r\n\r\n")?;
            continue;
        };
        let waits = script.silent || matches!(script.body, Body::Pieces(_, End::Silence));
        let cut = matches!(script.body, Body::Pieces(_, End::Cut) | Body::Short(..));
        if !script.silent {
            answer(&mut writer, &script)?;
        }
        if script.hangs_up {
            writer.shutdown(std::net::Shutdown::Write)?;
        }
        if waits || script.hangs_up {
            // The client has sent everything: what is read now is the end of the connection.
            let mut rest = [0; 1];
            if reader.read(&mut rest).unwrap_or(0) == 0 {
                let _ = closing.send(());
            }
            return Ok(());
        }
        if cut {
            return writer.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

fn request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Seen>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (verb, path) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Some(Seen { verb, path, headers, body, text }))
}

fn answer(writer: &mut TcpStream, script: &Script) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", script.status).into_bytes();
    for (name, value) in &script.headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    match &script.body {
        Body::Whole(body) => {
            head.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
            writer.write_all(&head)?;
            writer.write_all(body)
        }
        Body::Short(body, length) => {
            head.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
            writer.write_all(&head)?;
            writer.write_all(body)
        }
        Body::Pieces(pieces, end) => {
            head.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
            writer.write_all(&head)?;
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                chunk.extend_from_slice(piece);
                chunk.extend_from_slice(b"\r\n");
                writer.write_all(&chunk)?;
            }
            if *end == End::Proper { writer.write_all(b"0\r\n\r\n") } else { Ok(()) }
        }
    }
}
