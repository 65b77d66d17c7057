use serde_json::Value;

use crate::flowc::Place;

/// A draft is shown to a person, then sent.
const OLD: &str = r#"human review(draft: text in ..200): bool {
  role: agent
  title: "Send this?"
}

tool send(draft: text in ..200): text in ..40 = http.post("https://shop.internal/mails") {
  effect: Write
  timeout: 3s
}

pub flow handle(draft: text in ..200, note: text in ..80): text in ..40 within 9h {
  -> ask

  node ask = review(draft) within 8h
    -> put when ask
    -> return "refused"
    -> return "nobody" on Expired

  node put = send(draft)
    -> return put
}
"#;

fn plan(old: &str, new: &str) -> (i32, Value) {
    let place = Place::new(&[("old.flow", old), ("new.flow", new)]);
    place.flowc(&["build", "old.flow", "-o", "old.bundle"]).works();
    let said = place.flowc(&["migrate", "--plan", "old.bundle", "new.flow", "--json"]);
    (said.code, serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}")))
}

#[test]
fn a_new_text_of_a_prompt_lets_every_run_move() {
    let (code, plan) = plan(OLD, &OLD.replace("Send this?", "May I send this?"));
    assert_eq!((code, &plan["free"]), (0, &Value::Bool(true)));
    assert_eq!(plan["flows"][0]["nodes"][0]["waits"], true);
    assert_eq!(plan["flows"][0]["nodes"][1]["waits"], false);
}

#[test]
fn a_value_that_old_runs_do_not_keep_is_named() {
    let needs_more = OLD
        .replace("  -> ask\n", "  -> look\n\n  node look = send(note)\n    -> ask\n")
        .replace("return put", "return look");
    let (code, plan) = plan(OLD, &needs_more);
    let ask = &plan["flows"][0]["nodes"][0];
    assert_eq!((code, &ask["can_move"]), (1, &Value::Bool(false)), "{plan:#}");
    assert_eq!(ask["obstacles"][0]["kind"], "needs");
    assert_eq!(ask["obstacles"][0]["name"], "look");
}

#[test]
fn a_renamed_node_is_recognised_by_what_it_calls() {
    let renamed = OLD
        .replace("-> ask", "-> decide")
        .replace("node ask", "node decide")
        .replace("when ask", "when decide");
    let (code, plan) = plan(OLD, &renamed);
    let message = plan["flows"][0]["nodes"][0]["obstacles"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!(code, 1);
    assert!(message.starts_with("FL0808 the node is gone, `decide` does the same"), "{message}");
}

#[test]
fn a_narrower_type_is_named_and_a_wider_one_is_fine() {
    let with = |bound: &str| plan(OLD, &OLD.replace("text in ..200", &format!("text in {bound}")));
    let (code, narrow) = with("..100");
    assert_eq!((code, narrow["flows"][0]["nodes"][0]["obstacles"][0]["kind"].as_str()), (1, Some("retyped")));
    assert_eq!(with("..300").0, 0);
}

#[test]
fn a_flow_that_is_gone_is_said_for_people_too() {
    let place = Place::new(&[("old.flow", OLD), ("new.flow", &OLD.replace("flow handle", "flow answer"))]);
    let said = place.flowc(&["migrate", "--plan", "old.flow", "new.flow"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("runs can move at 0 of 2 nodes"), "{said:?}");
    assert!(said.out.contains("ask (runs wait here): FL0808 the flow is gone"), "{said:?}");
    place.flowc(&["migrate", "old.flow", "new.flow"]).fails(2, &["--plan"]);
}
