//! A call to a model through a gateway, beside the same call made directly: `flowc serve` with its OpenAI-compatible
//! face in front of a prompt (breaker, rate gate, reservation, lineage, a durable run each), LiteLLM's proxy, and the
//! gateway of Portkey. All ask one mock that answers at once.
//!
//! `cargo build --release && cargo bench -p flow-benches --bench gateway`. LiteLLM is looked for in
//! `FLOWC_PYTHON_BIN`, then on the `PATH`; Portkey's in `FLOWC_NODE_MODULES`, where `npm install @portkey-ai/gateway`
//! has put it. The runs are kept in memory-backed files where there are any, so that the
//! figures are the gateway's and not the disk's; `--bench durable` measures the disk.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

const IN_FLIGHT: [usize; 2] = [1, 64];
const WINDOW: Duration = Duration::from_secs(5);

const PACKAGE: &str = r#"
model fast = openai("m-1") {
  context: 8k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
}

prompt answer(line: text in ..400): text in ..100 tokens {
  system: "Answer in a line."
  user: "{{line}}"
}

pub flow chat(line: text in ..400): text {
  -> said

  node said = answer(line) using fast
    -> return said
}
"#;

const LITELLM: &str = "
model_list:
  - model_name: chat
    litellm_params: { model: openai/m-1, api_key: x, api_base: MOCK }
litellm_settings: { num_retries: 0, telemetry: false }
";

/// What is asked: where, and the process whose time counts.
struct Gateway {
    name: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    process: Option<Process>,
}

/// Starts one, or says why it cannot.
type Start<'s> = &'s dyn Fn() -> Result<Gateway, String>;

/// A process that ends with the measurement.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Time on all cores so far, s. The system counts in hundredths.
    fn seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks =
            |n: usize| after_name.split_whitespace().nth(n).and_then(|field| field.parse::<f64>().ok());
        (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / 100.0
    }
}

/// A provider that answers at once, on a thread of its own.
fn mock() -> SocketAddr {
    let reply = json!({
        "id": "c-1", "object": "chat.completion", "created": 1, "model": "m-1",
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": "Here is a line that answers." },
        }],
        "usage": { "prompt_tokens": 20, "completion_tokens": 8, "total_tokens": 28 },
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let answer = move || std::future::ready(axum::Json(reply.clone()));
        let app = Router::new().route("/v1/chat/completions", post(answer));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    address
}

fn direct(mock: SocketAddr) -> Gateway {
    Gateway {
        name: "directly",
        url: format!("http://{mock}/v1/chat/completions"),
        headers: Vec::new(),
        process: None,
    }
}

/// The release build beside this.
fn flowc(mock: SocketAddr, place: &Path) -> Result<Gateway, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = here.parent().and_then(Path::parent).map(|place| place.join("flowc"));
    let program =
        program.filter(|it| it.exists()).ok_or("no `flowc` beside this; cargo build --release first")?;
    std::fs::write(place.join("main.flow"), PACKAGE).map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.current_dir(place).args(["serve", "main.flow", "--listen", "127.0.0.1:0", "--store", "flow.db"]);
    command.env("OPENAI_API_KEY", "sk-bench").env("OPENAI_BASE_URL", format!("http://{mock}/v1"));
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let said = child.stderr.take().ok_or("no words of its own")?;
    let mut lines = BufReader::new(said).lines().map_while(Result::ok);
    let address =
        lines.find_map(|line| line.split_once("http://").map(|(_, address)| address.trim().to_owned()));
    let process = Some(Process(child));
    let address = address.ok_or("it ended while it started")?;
    std::thread::spawn(move || lines.for_each(drop));
    let url = format!("http://{address}/v1/chat/completions");
    Ok(Gateway { name: "flowc serve", url, headers: Vec::new(), process })
}

fn litellm(mock: SocketAddr, place: &Path) -> Result<Gateway, String> {
    let own = std::env::var_os("FLOWC_PYTHON_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = own.into_iter().chain(std::env::split_paths(&path));
    let program = places.find_map(|place| Some(place.join("litellm")).filter(|it| it.is_file()));
    let program = program.ok_or("not installed (pip install 'litellm[proxy]')")?;
    let config = LITELLM.replace("MOCK", &format!("http://{mock}/v1"));
    std::fs::write(place.join("litellm.yaml"), config).map_err(|error| error.to_string())?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command.args(["--config", "litellm.yaml", "--host", "127.0.0.1", "--port", &port.to_string()]);
    command.current_dir(place).env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_TELEMETRY", "False");
    listening("LiteLLM proxy", command, port, Vec::new())
}

fn portkey(mock: SocketAddr) -> Result<Gateway, String> {
    let modules = std::env::var_os("FLOWC_NODE_MODULES").map(PathBuf::from);
    let program =
        modules.map(|it| it.join("@portkey-ai/gateway/build/start-server.js")).filter(|it| it.is_file());
    let program = program.ok_or("not installed (npm install @portkey-ai/gateway; FLOWC_NODE_MODULES)")?;
    let port = free_port()?;
    let mut command = Command::new("node");
    command.arg(program).args(["--headless", &format!("--port={port}")]);
    let headers = vec![
        ("x-portkey-provider", "openai".to_owned()),
        ("x-portkey-custom-host", format!("http://{mock}/v1")),
        ("authorization", "Bearer x".to_owned()),
    ];
    listening("Portkey gateway", command, port, headers)
}

fn free_port() -> Result<u16, String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    free.map(|address| address.port()).map_err(|error| error.to_string())
}

/// Starts it and waits until it listens.
fn listening(
    name: &'static str,
    mut command: Command,
    port: u16,
    headers: Vec<(&'static str, String)>,
) -> Result<Gateway, String> {
    let child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|error| error.to_string())?;
    let process = Some(Process(child));
    let until = Instant::now() + Duration::from_secs(180);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if Instant::now() > until {
            return Err("it does not listen".to_owned());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(Gateway { name, url: format!("http://127.0.0.1:{port}/v1/chat/completions"), headers, process })
}

/// One call; how long it took.
async fn call(request: reqwest::RequestBuilder) -> Duration {
    let began = Instant::now();
    let reply = request.send().await.unwrap();
    assert!(reply.status().is_success(), "{}", reply.status());
    let reply: Value = reply.json().await.unwrap();
    assert!(reply["choices"][0]["message"]["content"].is_string(), "{reply}");
    began.elapsed()
}

/// Calls for a while, so many at once; how long each took.
async fn load(gateway: &Gateway, at_once: usize, window: Duration) -> Vec<Duration> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = json!({ "model": "chat", "messages": [{ "role": "user", "content": "a line of text" }] });
    let start = || {
        let request = client.post(&gateway.url).json(&body);
        call(gateway.headers.iter().fold(request, |request, (name, value)| request.header(*name, value)))
    };
    let mut flights: FuturesUnordered<_> = (0..at_once).map(|_| start()).collect();
    let (began, mut took) = (Instant::now(), Vec::new());
    while let Some(one) = flights.next().await {
        took.push(one);
        if began.elapsed() < window {
            flights.push(start());
        }
    }
    took
}

/// The median and the 99th percentile, ms. Those of the direct call are what the others add to.
fn measure(gateway: &Gateway, at_once: usize, direct: Option<(f64, f64)>) -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(load(gateway, at_once, WINDOW / 10));
    let cpu = || gateway.process.as_ref().map(Process::seconds);
    let before = cpu();
    let began = Instant::now();
    let mut took = runtime.block_on(load(gateway, at_once, WINDOW));
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    let on_core = cpu().zip(before).map(|(after, before)| (after - before) * 1e6 / took.len() as f64);
    took.sort_unstable();
    let quantile = |q: usize| took.get(took.len() * q / 100).map_or(0.0, |it| it.as_secs_f64() * 1e3);
    let (p50, p99) = (quantile(50), quantile(99));
    let added =
        |here: f64, there: Option<f64>| there.map_or_else(String::new, |it| format!("{:+.3}", here - it));
    let (added_p50, added_p99) = (added(p50, direct.map(|it| it.0)), added(p99, direct.map(|it| it.1)));
    let on_core = on_core.map_or_else(String::new, |it| format!("{it:.0}"));
    print!("{:<16}{at_once:>10}{rate:>10.0}{p50:>10.3}{p99:>10.3}", gateway.name);
    println!("{added_p50:>11}{added_p99:>11}{on_core:>16}");
    (p50, p99)
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let base = Some(PathBuf::from("/dev/shm")).filter(|it| it.is_dir()).unwrap_or_else(std::env::temp_dir);
    let place = tempfile::tempdir_in(base).unwrap();
    let mock = mock();
    println!(
        "a call of a model in flight   calls/s    p50 ms    p99 ms  added p50  added p99  us of CPU/call"
    );
    let plain = IN_FLIGHT.map(|at_once| measure(&direct(mock), at_once, None));
    let gateways: [(&str, Start<'_>); 3] = [
        ("flowc serve", &|| flowc(mock, place.path())),
        ("LiteLLM proxy", &|| litellm(mock, place.path())),
        ("Portkey gateway", &|| portkey(mock)),
    ];
    // One runs at a time: an idle one would still take its share.
    for (name, start) in gateways {
        match start() {
            Ok(gateway) => IN_FLIGHT.into_iter().zip(plain).for_each(|(at_once, direct)| {
                measure(&gateway, at_once, Some(direct));
            }),
            Err(why) => println!("{name}: skipped: {why}"),
        }
    }
}
