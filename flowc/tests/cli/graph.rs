use serde_json::Value;

use crate::flowc::{repository, talk};

#[test]
fn every_format_draws_the_flow() {
    let place = talk("http://localhost");
    let draw =
        |format: &str| place.flowc(&["graph", "talk.flow:handle", "--format", format]).works().out.clone();
    assert!(draw("mermaid").starts_with("flowchart TD\n"));
    assert!(draw("dot").contains("n1 -> n2"));
    assert!(draw("svg").starts_with("<svg "));
    let json: Value = serde_json::from_str(&draw("json")).unwrap();
    assert_eq!(json["nodes"][0]["calls"][0]["callee"], "sort");
}

#[test]
fn the_flow_is_named_when_there_are_several() {
    let place = talk("http://localhost");
    place.flowc(&["graph", "talk.flow"]).fails(2, &["several public flows", "`handle`, `chat`, `count`"]);
    place.flowc(&["graph", "talk.flow", "--flow", "handel"]).fails(2, &["did you mean `handle`?"]);
    place.flowc(&["graph", "talk.flow", "--flow", "chat"]).works();
}

#[test]
fn the_estate_example_is_drawn_as_it_is_written() {
    let place = talk("http://localhost");
    let path = repository("examples/estate");
    let said = place.flowc(&["graph", &path.display().to_string()]);
    for words in ["==>|\"max 2\"|", "-.->|\"on Expired\"|", "-.->|\"on an error\"|", "when ask is Approve"] {
        assert!(said.works().out.contains(words), "{words} in {}", said.out);
    }
}
