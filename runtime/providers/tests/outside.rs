//! Against servers that we did not write: LiteLLM's proxy with mock models, MLServer, and moto's AWS.
//!
//! They come from PyPI (`pip install 'litellm[proxy]' 'moto[server]'`, and `mlserver` in an environment of its own). Where they are not
//! installed the tests say so and pass; with `FLOWC_PYTHON_BIN`, a directory to look in before the `PATH`, they fail
//! instead.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

use std::future::Future;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow_ir::setup::{Model, Provider};
use flow_model::{
    ChatRequest, Delta, EmbedRequest, ErrorKind, Finish, Message, ModelClient, Output, Patience, Role,
};
use flow_providers::http::{Egress, EgressOptions};
use flow_providers::{FixedSecrets, Providers, Routing};

const PATIENT: Patience = Patience::of_attempt(60_000);

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A program, or why there is none.
fn program(name: &str) -> Option<PathBuf> {
    let own = std::env::var_os("FLOWC_PYTHON_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        own.into_iter().chain(std::env::split_paths(&path)).map(|dir| dir.join(name)).find(|it| it.is_file());
    if found.is_none() {
        assert!(std::env::var_os("FLOWC_PYTHON_BIN").is_none(), "{name} is not installed");
        eprintln!("skipped: {name} is not installed (pip install 'litellm[proxy]' mlserver)");
    }
    found
}

/// A server that ends with the test.
struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(command: Command, port: u16) -> Running {
    start_telling(command, port, Stdio::null())
}

/// What it prints goes there.
fn start_telling(mut command: Command, port: u16, told: Stdio) -> Running {
    let child = command.stdout(told).stderr(Stdio::null()).spawn().unwrap();
    let mut running = Running { child, port };
    let until = Instant::now() + Duration::from_secs(180);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(running.child.try_wait().unwrap().is_none(), "the server ended while it started");
        assert!(Instant::now() < until, "the server does not listen");
        std::thread::sleep(Duration::from_millis(200));
    }
    running
}

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("flowc-outside-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn model(provider: Provider, id: &str, address: String) -> Model {
    Model {
        address: Some(address.into()),
        auth: matches!(provider, Provider::OpenaiCompatible).then(|| "OPENAI_API_KEY".into()),
        ..Model::new("fast", provider, id)
    }
}

fn client(model: &Model) -> Arc<dyn ModelClient> {
    let key = |name: &str| (name.to_owned(), MASTER_KEY.to_owned());
    let secrets = FixedSecrets::new([key("OPENAI_API_KEY"), key("ANTHROPIC_API_KEY")]);
    let egress = Egress::new(EgressOptions::default()).unwrap();
    Providers::new(egress, Arc::new(secrets), Routing::default()).client(model).unwrap()
}

fn request(id: &str) -> ChatRequest {
    ChatRequest {
        model: id.to_owned(),
        messages: vec![Message::text(Role::System, "Be kind."), Message::text(Role::User, "Hi ä𝄞")],
        output: Output::Text,
        max_output: Some(50),
        temperature: Some(0.5),
        tools: Vec::new(),
        logprobs: false,
        prefix: Default::default(),
    }
}

/// Known keys are refused at the start, and this one is known to nobody.
const MASTER_KEY: &str = "sk-9b1f6a0c77d24e5fb3a1c8e2d4960f35aa17";

const LITELLM: &str = r#"
model_list:
  - model_name: mock
    litellm_params: { model: openai/mock, api_key: x, mock_response: "Hello from afar, ä𝄞" }
  - model_name: limited
    litellm_params: { model: openai/limited, api_key: x, mock_response: "litellm.RateLimitError" }
  - model_name: broken
    litellm_params: { model: openai/broken, api_key: x, mock_response: "litellm.InternalServerError" }
litellm_settings: { num_retries: 0, telemetry: false }
router_settings: { num_retries: 0, disable_cooldowns: true }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
"#;

fn litellm(program: &Path) -> Running {
    let directory = directory("litellm");
    std::fs::write(directory.join("config.yaml"), LITELLM).unwrap();
    let port = free_port();
    let mut command = Command::new(program);
    command.args(["--config", "config.yaml", "--host", "127.0.0.1", "--port", &port.to_string()]);
    command
        .current_dir(directory)
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .env("LITELLM_TELEMETRY", "False")
        .env("LITELLM_MASTER_KEY", MASTER_KEY);
    start(command, port)
}

#[test]
fn litellm_speaks_all_of_our_protocols() {
    let Some(program) = program("litellm") else { return };
    let server = litellm(&program);
    let origin = format!("http://127.0.0.1:{}", server.port);
    let surfaces = [
        (Provider::Openai, format!("{origin}/v1")),
        (Provider::OpenaiCompatible, format!("{origin}/v1")),
        (Provider::OpenaiResponses, format!("{origin}/v1")),
        (Provider::Anthropic, origin.clone()),
    ];
    for (provider, address) in surfaces {
        let ask = |id: &str| {
            let client = client(&model(provider, id, address.clone()));
            wait(client.chat(&request(id), PATIENT, None))
        };
        let reply = ask("mock").unwrap_or_else(|error| panic!("{provider:?}: {error}"));
        assert_eq!(
            (reply.text.as_str(), &reply.finish),
            ("Hello from afar, ä𝄞", &Finish::Stop),
            "{provider:?}"
        );
        let usage = reply.usage.unwrap();
        assert!(usage.input.is_some() && usage.output.is_some(), "{provider:?}: {usage:?}");
        // Of mocked responses it knows neither streams nor errors.
        if provider == Provider::OpenaiResponses {
            continue;
        }
        streamed(&client(&model(provider, "mock", address.clone())));
        let limited = ask("limited").unwrap_err();
        assert!(matches!(limited.kind, ErrorKind::RateLimited { .. }), "{provider:?}: {limited:?}");
        let broken = ask("broken").unwrap_err();
        assert!(matches!(broken.kind, ErrorKind::Upstream5xx { .. }), "{provider:?}: {broken:?}");
        let nobody = ask("nobody").unwrap_err();
        assert!(!nobody.is_retryable() || nobody.status == Some(429), "{provider:?}: {nobody:?}");
    }
}

fn streamed(client: &Arc<dyn ModelClient>) {
    let mut shown = String::new();
    let mut sink = |delta: Delta| match delta {
        Delta::Text(text) => shown.push_str(&text),
    };
    let reply = wait(client.chat(&request("mock"), PATIENT, Some(&mut sink)));
    let reply = reply.unwrap_or_else(|error| panic!("streamed: {error}"));
    assert_eq!((reply.text.as_str(), shown.as_str()), ("Hello from afar, ä𝄞", "Hello from afar, ä𝄞"));
}

const MODEL: &str = r#"
from mlserver import MLModel, types
from mlserver.codecs import StringCodec, NumpyCodec
import numpy

class Echo(MLModel):
    async def load(self):
        return True

    async def predict(self, request):
        texts = StringCodec.decode_input(request.inputs[0])
        wanted = [output.name for output in request.outputs or []]
        outputs = []
        if "answer" in wanted:
            outputs.append(StringCodec.encode_output("answer", [" | ".join(texts)]))
        if "vectors" in wanted:
            rows = numpy.array([[float(len(text)), 1.5] for text in texts], dtype=numpy.float32)
            outputs.append(NumpyCodec.encode_output("vectors", rows))
        return types.InferenceResponse(model_name=self.name, outputs=outputs)
"#;

const SETTINGS: &str = r#"{"name": "echo", "implementation": "model.Echo",
  "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
  "outputs": [{"name": "answer", "datatype": "BYTES", "shape": [1]},
              {"name": "vectors", "datatype": "FP32", "shape": [-1, 2]}]}"#;

#[test]
fn mlserver_answers_texts_and_gives_vectors() {
    let Some(program) = program("mlserver") else { return };
    let directory = directory("mlserver");
    let (http, grpc, metrics) = (free_port(), free_port(), free_port());
    let settings = format!(
        r#"{{"http_port": {http}, "grpc_port": {grpc}, "metrics_port": {metrics}, "host": "127.0.0.1", "parallel_workers": 0}}"#
    );
    for (name, text) in [("model.py", MODEL), ("model-settings.json", SETTINGS), ("settings.json", &settings)]
    {
        std::fs::write(directory.join(name), text).unwrap();
    }
    let mut command = Command::new(program);
    command.args(["start", "."]).current_dir(&directory).env("PYTHONPATH", &directory);
    let server = start(command, http);
    let address = format!("http://127.0.0.1:{}", server.port);
    let echo = client(&model(Provider::Kserve, "echo", address.clone()));
    let reply = retried(|| wait(echo.chat(&request("echo"), PATIENT, None)));
    assert_eq!((reply.text.as_str(), reply.model.as_str()), ("Be kind.\n\nHi ä𝄞", "echo"));
    let texts = vec!["a".to_owned(), "four".to_owned()];
    let vectors =
        wait(echo.embed(&EmbedRequest { model: "echo".to_owned(), texts }, PATIENT)).unwrap().vectors;
    assert_eq!(vectors, [[1.0, 1.5], [4.0, 1.5]]);
    let nobody = client(&model(Provider::Kserve, "nobody", address));
    let error = wait(nobody.chat(&request("nobody"), PATIENT, None)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}

/// A server listens before its model is loaded.
fn retried<T>(mut ask: impl FnMut() -> Result<T, flow_model::ModelError>) -> T {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        match ask() {
            Ok(reply) => return reply,
            Err(error) if Instant::now() > until => panic!("{error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// With these keys, in the region that the model names.
fn bedrock(address: &str, access: &str, secret: &str) -> Arc<dyn ModelClient> {
    let secrets = [("AWS_ACCESS_KEY_ID", access), ("AWS_SECRET_ACCESS_KEY", secret)];
    let secrets = FixedSecrets::new(secrets.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let egress = Egress::new(EgressOptions::default()).unwrap();
    let model =
        Model { region: Some("eu-central-1".into()), ..model(Provider::Bedrock, "m", address.to_owned()) };
    Providers::new(egress, Arc::new(secrets), Routing::default()).client(&model).unwrap()
}

#[test]
fn moto_accepts_our_signature_and_no_other() {
    let Some(python) = program("python3") else { return };
    let has =
        Command::new(&python).args(["-c", "import moto.server"]).output().is_ok_and(|it| it.status.success());
    if !has {
        assert!(std::env::var_os("FLOWC_PYTHON_BIN").is_none(), "moto is not installed");
        eprintln!("skipped: moto is not installed (pip install 'moto[server]')");
        return;
    }
    let port = free_port();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/outside/aws.py");
    let place = directory("moto");
    let told = std::fs::File::create(place.join("keys.json")).unwrap();
    let mut command = Command::new(python);
    command.args([script, &port.to_string()]);
    let server = start_telling(command, port, told.into());
    let keys = std::fs::read_to_string(place.join("keys.json")).unwrap();
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    let of = |user: &str| [0, 1].map(|at| keys[user][at].as_str().unwrap().to_owned());
    let ([access, secret], [other, other_secret]) = (of("may"), of("may_not"));
    let address = format!("http://127.0.0.1:{}", server.port);
    let ask = |access: &str, secret: &str, id: &str| {
        wait(bedrock(&address, access, secret).chat(&request(id), PATIENT, None))
    };
    let reply = ask(&access, &secret, "eu.anthropic.claude-x").unwrap();
    assert_eq!(reply.text, "eu.anthropic.claude-x: Be kind. | Hi ä𝄞");
    let usage = reply.usage.unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.output), (Some(14), Some(3), Some(7)));
    // A wrong secret, a key that nobody has, and a user who may do nothing. It answers in XML, so only the status counts.
    for (access, secret) in
        [(&access, &other_secret), (&"AKIAIOSFODNN7EXAMPLE".to_owned(), &secret), (&other, &other_secret)]
    {
        let error = ask(access, secret, "m").unwrap_err();
        assert_eq!((error.status, error.is_retryable()), (Some(403), false), "{error:?}");
        assert!(!error.message.contains(secret.as_str()), "{error}");
    }
}
