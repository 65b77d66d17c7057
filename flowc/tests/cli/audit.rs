use serde_json::Value;

use crate::flowc::{Place, TALK, repository, talk};

fn audit(args: &[&str]) -> String {
    let place = talk("http://localhost");
    let estate = repository("examples/estate").display().to_string();
    let all: Vec<&str> = ["audit", estate.as_str()].into_iter().chain(args.iter().copied()).collect();
    place.flowc(&all).works().out.clone()
}

#[test]
fn the_page_names_every_place_where_trust_enters() {
    let page = audit(&[]);
    for words in [
        "Audit of estate",
        "on queue inbound-mail; starts handle",
        "role agent; vouches for its answers",
        "human review; role agent; sees pii; approves with Approve, Edit; asked in handle.ask",
        "tool send_mail; needs mail_send; used in handle.send; approved in handle.ask by review",
        "from Email.sender",
        "to review; in handle.ask",
        "tool send_mail; key",
        "model careful; provider openai gpt-5; region eu",
        "http https://crm.internal/listings?q=…; for find_listing",
        "Reviewed by",
    ] {
        assert!(page.contains(words), "{words} in\n{page}");
    }
}

#[test]
fn json_has_the_same_in_sections() {
    let json: Value = serde_json::from_str(&audit(&["--json"])).unwrap();
    assert_eq!(json["package"], "estate");
    assert_eq!(json["digest"].as_str().unwrap().len(), 64);
    let ids: Vec<&str> =
        json["sections"].as_array().unwrap().iter().map(|section| section["id"].as_str().unwrap()).collect();
    let wanted = ["entries", "trust", "people", "sensitive", "writes", "pii", "secrets", "models", "outside"];
    assert_eq!(ids, wanted);
    let sensitive = &json["sections"][3]["entries"];
    assert_eq!(sensitive.as_array().unwrap().len(), 1);
    assert_eq!(sensitive[0]["name"], "send_mail");
}

#[test]
fn a_package_with_errors_has_no_audit() {
    let place = Place::new(&[("a.flow", &TALK.replace("-> looked", "-> loked"))]);
    place.flowc(&["audit", "a.flow"]).fails(1, &["FL0202"]);
}
