//! Traces and metrics of a server, read by a receiver that we did not write.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use flow_tests::provider::{Answer, Provider};
use serde_json::{Value, json};

use crate::clients::{peer, script};
use crate::flowc::{Place, TALK};
use crate::server::{Server, until};

/// A collector that ends with the test.
struct Collector {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: String,
}

impl Collector {
    /// Refuses so many exports first.
    fn start(refusals: u32) -> Option<Self> {
        let python = peer("clients/bin/python3")?;
        let mut command = std::process::Command::new(python);
        command.args(["-c", &script("otlp.py"), &refusals.to_string()]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap();
        Some(Self { child, lines, port })
    }

    /// The next export to this address.
    fn next(&mut self, path: &str) -> Value {
        loop {
            let export: Value = serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
            if export["path"] == path {
                return export;
            }
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Ended already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Attributes by name; numbers as text where JSON of protobuf writes them so.
fn attributes(of: &Value) -> Value {
    let pairs = of["attributes"].as_array().unwrap().iter().map(|pair| {
        let value = pair["value"].as_object().unwrap().values().next().unwrap().clone();
        (pair["key"].as_str().unwrap().to_owned(), value)
    });
    pairs.collect::<serde_json::Map<String, Value>>().into()
}

fn spans(export: &Value) -> Vec<Value> {
    export["message"]["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

fn place(provider: &Provider, collector: &Collector) -> Place {
    let manifest = "[package]\nname = \"desk\"\nflow = \"0.1\"\n\n[telemetry]\nservice = \"reception\"\n";
    let talk = TALK.replace("ORIGIN", "http://localhost");
    let place = Place::new(&[("flow.toml", manifest), ("talk.flow", &talk)]);
    let endpoint = format!("http://127.0.0.1:{}", collector.port);
    place
        .env("OPENAI_API_KEY", "sk-hidden")
        .env("OPENAI_BASE_URL", &provider.base())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=front%20desk")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "300")
}

#[test]
fn a_run_is_a_trace_that_a_collector_understands() {
    let Some(mut collector) = Collector::start(1) else { return };
    let provider = Provider::start([Answer::ok("the reply nobody else reads")]);
    let place = place(&provider, &collector);
    let server = Server::start(&place, &["."]);
    let begin =
        json!({ "flow": "chat", "input": { "line": "the question nobody else reads" }, "wait_ms": 9000 });
    let run = server.post("/v1/runs", &begin).is(200)["run"].as_str().unwrap().to_owned();

    let export = collector.next("/v1/traces");
    assert_eq!(export["headers"]["x-team"], "front desk");
    assert_eq!(export["headers"]["content-type"], "application/x-protobuf");
    let resource = attributes(&export["message"]["resourceSpans"][0]["resource"]);
    assert_eq!(resource["service.name"], "reception");
    let spans = spans(&export);
    let named =
        |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{spans:#?}"));
    let (root, node, call) = (named("invoke_workflow chat"), named("node write"), named("chat gpt-5-mini"));
    assert_eq!(spans.len(), 3);
    assert_eq!((&node["parentSpanId"], &call["parentSpanId"]), (&root["spanId"], &node["spanId"]));
    assert!(spans.iter().all(|span| span["traceId"] == root["traceId"]));
    assert_eq!(call["kind"], "SPAN_KIND_CLIENT");
    let told = attributes(call);
    let expected = [
        ("gen_ai.operation.name", json!("chat")),
        ("gen_ai.provider.name", json!("openai")),
        ("gen_ai.request.model", json!("gpt-5-mini")),
        ("gen_ai.response.model", json!("m-1-2026")),
    ];
    for (key, value) in expected {
        assert_eq!(told[key], value, "{told:#}");
    }
    for key in
        ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "flow.cost_usd", "flow.prompt.digest"]
    {
        assert!(told.get(key).is_some(), "`{key}` in {told:#}");
    }
    assert_eq!(attributes(root)["flow.run"], json!(run));

    let metrics = collector.next("/v1/metrics");
    let metrics = metrics["message"]["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].clone();
    let figure = |name: &str| {
        let found = metrics.as_array().unwrap().iter().find(|metric| metric["name"] == name);
        found.unwrap_or_else(|| panic!("{name} in {metrics:#}")).clone()
    };
    let usage = figure("gen_ai.client.token.usage");
    let points = usage["histogram"]["dataPoints"].as_array().unwrap();
    let kinds: Vec<Value> =
        points.iter().map(|point| attributes(point)["gen_ai.token.type"].clone()).collect();
    assert_eq!(kinds, ["input", "output"]);
    assert_eq!(figure("flow.runs")["sum"]["dataPoints"][0]["asDouble"], json!(1.0));
    figure("gen_ai.client.operation.duration");
    figure("flow.cost");
    let all = format!("{export}{metrics}");
    for word in ["nobody else reads", "sk-hidden"] {
        assert!(!all.contains(word), "`{word}` left the machine");
    }
}

#[test]
fn what_failed_is_an_error_by_its_class_and_the_rest_is_sent_at_the_end() {
    let Some(mut collector) = Collector::start(0) else { return };
    let provider = Provider::start([Answer::error(400, "the reply nobody else reads", "x")]);
    let place = place(&provider, &collector);
    let server = Server::start(&place, &["."]);
    let begin = json!({ "flow": "chat", "input": { "line": "hi" }, "wait_ms": 9000 });
    assert_eq!(server.post("/v1/runs", &begin).is(200)["status"], "failed");
    assert_eq!(server.end(), Some(0));
    let export = collector.next("/v1/traces");
    for span in spans(&export) {
        assert_eq!(span["status"]["code"], "STATUS_CODE_ERROR", "{span:#}");
        assert_eq!(attributes(&span)["error.type"], "Invalid");
    }
    assert!(!export.to_string().contains("nobody else reads"));
}

#[test]
fn a_setting_that_makes_no_sense_is_told() {
    let place = Place::new(&[("talk.flow", &TALK.replace("ORIGIN", "http://localhost"))]);
    let place = place
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    place
        .flowc(&["serve", "talk.flow", "--listen", "127.0.0.1:0"])
        .fails(2, &["OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"]);
}

#[test]
fn a_collector_that_is_away_is_no_reason_not_to_serve() {
    let place = Place::new(&[("talk.flow", &TALK.replace("ORIGIN", "http://localhost"))]);
    let place = place.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let server = Server::start(&place, &["talk.flow"]);
    let begin = json!({ "flow": "count", "input": { "n": 1, "word": "a" }, "wait_ms": 9000 });
    assert_eq!(server.post("/v1/runs", &begin).is(200)["result"], "1 a");
    until(|| server.said().contains("telemetry could not be sent").then_some(()));
    assert_eq!(server.post("/v1/runs", &begin).is(200)["result"], "1 a");
}
