//! The five minutes of the book's page about servers, as typed.

use std::process::{Command, Output, Stdio};

use crate::flowc::{Place, repository};
use crate::server::{Server, until};

/// The `sh` blocks of the first section.
fn blocks() -> Vec<String> {
    let page = std::fs::read_to_string(repository("docs/src/serve.md")).unwrap();
    let story = page.split("\n## ").find(|part| part.starts_with("Five minutes")).unwrap();
    let fenced = story.split("```sh\n").skip(1);
    fenced.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// What is typed in the other terminal, against this server, with the names that the lists show.
struct Typed<'a> {
    place: &'a Place,
    address: String,
    question: String,
    run: String,
}

impl Typed<'_> {
    #[track_caller]
    fn works(&self, block: &str) -> String {
        self.tries(block).unwrap_or_else(|output| panic!("{block}\n{output:?}"))
    }

    fn tries(&self, block: &str) -> Result<String, Output> {
        let line = block
            .replace("cargo run -q --", env!("CARGO_BIN_EXE_flowc"))
            .replace("localhost:7171", &self.address)
            .replace(" ID ", &format!(" {} ", self.question))
            .replace(" RUN ", &format!(" {} ", self.run));
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", &line])
            .current_dir(self.place.path())
            .env("FLOWC_ACTOR", "ann");
        let output = command.stdin(Stdio::null()).output().unwrap();
        if output.status.success() { Ok(String::from_utf8(output.stdout).unwrap()) } else { Err(output) }
    }

    /// The first word of the line that holds these words, once there is one.
    #[track_caller]
    fn shows(&self, block: &str, words: &str) -> String {
        until(|| {
            let said = self.works(block);
            // What was answered before the list has no line break at its end.
            let line = said.lines().find(|line| line.contains(words))?;
            let line = line.rsplit_once('}').map_or(line, |(_, line)| line);
            Some(line.split_whitespace().next().unwrap().to_owned())
        })
    }
}

fn copied(place: &Place) {
    for file in ["main.flow", "models.flow", "flow.toml", "cassettes/run.json", "samples/mail-1.json"] {
        let path = format!("examples/estate/{file}");
        place.write(&path, std::fs::read(repository(&path)).unwrap());
    }
}

#[test]
fn the_five_minutes_work_as_typed() {
    let place = Place::new(&[]).env("FLOWC_ACTOR", "ann");
    copied(&place);
    let blocks = blocks();
    let [serve, mail, questions, answer, look, deploy, again, back] = &blocks[..] else {
        panic!("{blocks:#?}")
    };
    let args: Vec<&str> = serve.trim().strip_prefix("cargo run -- serve ").unwrap().split(' ').collect();
    let server = Server::start(&place, &args);
    let address = server.address().to_owned();
    let mut typed = Typed { place: &place, address, question: String::new(), run: String::new() };
    let accepted: serde_json::Value = serde_json::from_str(&typed.works(mail)).unwrap();
    typed.run = accepted["run"].as_str().unwrap().to_owned();
    typed.question = typed.shows(questions, "Reply to Viewing 4 Elm St?");
    server.kill();

    let server = Server::start(&place, &args);
    server.address().clone_into(&mut typed.address);
    typed.shows(questions, "Reply to Viewing 4 Elm St?");
    typed.works(answer);
    until(|| typed.tries(look).ok()?.contains("Sent").then_some(()));
    let why = typed.works(look);
    for word in ["model gpt-5 · prompt", "is Approve", "Good morning Ann", "out-88123"] {
        assert!(why.contains(word), "`{word}` in {why}");
    }

    typed.works(deploy);
    // Both deploys may have been made before the server looked: then it never served the first.
    until(|| server.said().contains("serving estate@prod v2").then_some(()));
    typed.question = typed.shows(again, "May we answer Viewing 4 Elm St?");
    let log = typed.works(back);
    for word in ["agents liked the old one", "a friendlier question", "v2 → v1"] {
        assert!(log.contains(word), "`{word}` in {log}");
    }
    until(|| server.said().contains("serving estate@prod v1, before v2").then_some(()));
    typed.works(answer);
    let ended = until(|| {
        let runs = server.get("/v1/runs?status=returned").is(200);
        (runs["runs"].as_array().unwrap().len() == 2).then(|| runs["runs"][0].clone())
    });
    let other = server.get("/openapi.json").is(200)["info"]["version"].clone();
    assert!(
        !ended["bundle"].as_str().unwrap().starts_with(other.as_str().unwrap()),
        "it stayed on its bundle"
    );
}
