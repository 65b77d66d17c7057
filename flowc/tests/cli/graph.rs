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

/// The rings and the costs in the picture are those that `flowc cost` prints.
#[test]
fn the_picture_shows_what_the_flow_costs() {
    let place = talk("http://localhost");
    let path = repository("examples/estate").display().to_string();
    let svg = place.flowc(&["graph", &path, "--format", "svg"]).works().out.clone();
    let cost: Value = serde_json::from_str(&place.flowc(&["cost", &path, "--json"]).works().out).unwrap();
    let flow = &cost["flows"][0];
    let boxes: Vec<&str> = svg.split("<g class=\"box ").skip(1).collect();
    let ringed = boxes.iter().filter(|shape| shape.contains("class=\"r\""));
    let mut ringed: Vec<String> = ringed
        .filter_map(|shape| Some(shape.split_once("data-node=\"")?.1.split_once('"')?.0.to_owned()))
        .collect();
    ringed.sort();
    let path = flow["path"].as_array().unwrap().iter();
    let mut dearest: Vec<String> = path.map(|share| share["name"].as_str().unwrap().to_owned()).collect();
    dearest.sort();
    assert_eq!(ringed, dearest);
    let worst = flow["worst"]["cost"].as_u64().unwrap() as f64 / 1_000_000.0;
    let start = boxes[0].split_once("at most ").unwrap().1.split(' ').next().unwrap();
    let shown: f64 = start.parse().unwrap();
    assert!(shown >= worst && shown <= worst * 1.01, "{shown} for {worst}");
    assert_eq!(svg.matches("<path class=\"h\"").count(), 9 + 1, "nine arrows of the way, and the legend");
    assert_eq!(svg.matches("approved: behind").count(), 2, "Approve and Edit");
}
