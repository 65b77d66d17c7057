//! Who may do what with the registry: over HTTP, with keys and grants, and with two people for protected pointers.

use serde_json::{Value, json};

use crate::flowc::{Place, Said};
use crate::server::Server;

const PACKAGE: &str = r#"prompt sort(mail: text in ..400 tokens): text in 1..20 = registry("desk/sort@prod") {
  output: 40 tokens
}

model quick = openai("gpt-5-mini") {
  context: 2k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
}

pub flow handle(mail: text in ..400 tokens): text within 0.01 USD {
  -> sorted

  node sorted = sort(mail) using quick
    -> return sorted
}
"#;

fn version(word: &str, params: &str) -> String {
    format!(
        "prompt sort(mail: text in ..400 tokens{params}): text in 1..20 {{\n  user: \"{word}: {{{{mail}}}}\"\n}}\n"
    )
}

/// A package with versions beside it, and a file of runs for keys.
fn place() -> Place {
    let place =
        Place::new(&[("flow.toml", "[package]\nname = \"desk\"\nflow = \"0.1\"\n"), ("main.flow", PACKAGE)]);
    place.write("versions/flow.toml", "[package]\nname = \"versions\"\nflow = \"0.1\"\n");
    for word in ["one", "two"] {
        place.write(&format!("versions/{word}.flow"), version(word, ""));
    }
    place.write("versions/more.flow", version("more", ", tone: text in 1..20"));
    place.write("hello/flow.toml", "[package]\nname = \"hello\"\nflow = \"0.1\"\n");
    place.write(
        "hello/main.flow",
        "pub flow hello(who: text in 1..20): text {\n  -> return \"hello {{who}}\"\n}\n",
    );
    place.env("FLOWC_ACTOR", "ann")
}

/// A server of a package that needs nothing, with the registry of the other.
fn server(place: &Place) -> Server {
    Server::start(place, &["hello", "--registry", ".flowc/registry.db"])
}

/// Somebody at a terminal, with a key or without.
struct Person<'a> {
    place: &'a Place,
    server: String,
    key: Option<String>,
}

impl Person<'_> {
    fn say(&self, words: &str) -> Said {
        let words: Vec<&str> = words.split(' ').collect();
        let args = [words.as_slice(), &["--server", &self.server]].concat();
        let mut command = self.place.command(&args);
        command.envs(self.key.iter().map(|key| ("FLOWC_KEY", key)));
        Said::from(command.output().unwrap())
    }

    fn does(&self, words: &str) -> Said {
        self.say(&format!("{words} --reason because"))
    }

    fn json(&self, words: &str) -> Value {
        let said = self.say(&format!("{words} --json"));
        serde_json::from_str(&said.works().out).unwrap_or_else(|error| panic!("{error}: {said:#?}"))
    }
}

fn person<'a>(place: &'a Place, server: &Server, key: Option<&str>) -> Person<'a> {
    let server = format!("http://{}", server.address());
    Person { place, server, key: key.map(str::to_owned) }
}

fn key(place: &Place, name: &str, grants: &[&str]) -> String {
    let mut args = vec!["keys", "add", name, "--store", "flow.db", "--json"];
    args.extend(grants.iter().flat_map(|grant| ["--grant", *grant]));
    let said: Value = serde_json::from_str(&place.flowc(&args).works().out).unwrap();
    said["key"].as_str().unwrap().to_owned()
}

#[test]
fn the_registry_of_a_server_is_used_as_a_file_is() {
    let place = place();
    let server = server(&place);
    let ann = person(&place, &server, None);
    ann.say("prompt list").fails(2, &["the server says: nothing was published here yet"]);
    assert!(ann.does("prompt publish desk/sort versions/one.flow").works().out.starts_with("desk/sort v1  "));
    ann.does("prompt publish desk/sort versions/two.flow").works();
    ann.does("prompt publish desk/sort versions/more.flow").works();
    ann.does("prompt move desk/sort@prod v1").works();
    let deployed = ann.does("deploy .");
    assert_eq!(deployed.works().out, "desk@prod nothing → v1  generation 1\n");
    let tried = ann.say("prompt move desk/sort@prod v2 --dry-run");
    assert!(tried.works().out.contains("would move: desk/sort@prod v1 → v2"), "{tried:#?}");
    assert!(tried.out.contains("handle: usual ") && tried.out.contains("0 runs under way"), "{tried:#?}");
    let moved = ann.does("prompt move desk/sort@prod v2");
    assert!(moved.works().out.contains("used by desk v1: handle"), "{moved:#?}");
    let refused = ann.does("prompt move desk/sort@prod v3");
    refused.fails(1, &["error[FL0804]", "in deployed as desk v1 (@prod)", "nothing was moved"]);
    ann.does("prompt move desk/sort@prod v9").fails(2, &["has no version v9"]);
    ann.say("prompt move desk/sort@prod v1").fails(2, &["a move needs a reason"]);
    ann.does("release apply week prompt:desk/sort@prod=v1").works();
    ann.does("release rollback week").works();
    ann.does("prompt rollback desk/sort@prod").works();
    assert!(ann.say("prompt show desk/sort@prod").works().out.contains("one: {{mail}}"));
    assert_eq!(ann.say("prompt diff desk/sort@v1 desk/sort@v2").code, 1);
    assert_eq!(ann.say("prompt history desk/sort@prod").works().out.lines().count(), 5);
    assert_eq!(ann.json("audit verify")["whole"], true);
    // Both ways lead to the same.
    let words = ["prompt", "list", "desk/sort", "--json"];
    let here: Value = serde_json::from_str(&place.flowc(&words).works().out).unwrap();
    assert_eq!(ann.json("prompt list desk/sort"), here);
    assert_eq!(ann.say("audit log").works().out, place.flowc(&["audit", "log"]).works().out);
}

#[test]
fn a_key_does_what_it_was_granted() {
    let place = place();
    let root = key(&place, "root", &["read:*", "publish:*", "move:*"]);
    let sorter =
        key(&place, "sorter", &["read:prompt:desk/*", "publish:prompt:desk/*", "move:prompt:desk/*@canary"]);
    let reader = key(&place, "reader", &["read:prompt:other/*"]);
    let caller = key(&place, "caller", &[]);
    let server = server(&place);
    let root = person(&place, &server, Some(&root));
    let sorter = person(&place, &server, Some(&sorter));
    root.does("prompt publish other/one versions/one.flow").works();
    root.does("prompt publish desk/sort versions/one.flow").works();
    root.does("prompt move desk/sort@prod v1").works();
    sorter.does("prompt publish desk/sort versions/two.flow --actor somebody").works();
    sorter.does("prompt move desk/sort@canary v2").works();
    sorter.does("prompt move desk/sort@prod v2").fails(2, &["this key may not move prompt `desk/sort@prod`"]);
    sorter
        .does("prompt publish other/one versions/two.flow")
        .fails(2, &["may not publish prompt `other/one`"]);
    sorter
        .does("release apply week prompt:desk/sort@canary=v1")
        .fails(2, &["may not publish release `week`"]);
    sorter.does("deploy .").fails(2, &["may not publish bundle `desk`"]);
    assert_eq!(sorter.say("prompt list").works().out.lines().count(), 1, "of others nothing is seen");
    let log = sorter.say("audit log").works().out.clone();
    assert!(log.contains("sorter  publish prompt desk/sort v2") && !log.contains("other/one"), "{log}");
    sorter.say("audit verify").fails(2, &["this key needs `read:*`"]);
    let reader = person(&place, &server, Some(&reader));
    reader.say("prompt show desk/sort@v1").fails(2, &["may not read prompt `desk/sort`"]);
    reader.say("prompt show other/one@v1").works();
    let caller = person(&place, &server, Some(&caller));
    caller.say("prompt show other/one@v1").fails(2, &["may not read"]);
    assert_eq!(caller.say("prompt list").works().out, "");
    person(&place, &server, None)
        .say("prompt list")
        .fails(2, &["this needs a key", "FLOWC_KEY holds the key"]);
    assert_eq!(root.json("audit verify")["whole"], true);
    place
        .flowc(&["keys", "add", "x", "--grant", "fly:*", "--store", "flow.db"])
        .fails(2, &["a role is read, publish"]);
}

#[test]
fn a_protected_pointer_needs_two_people() {
    let place = place();
    let grants = ["read:*", "publish:*", "move:*", "approve:prompt:*@prod"];
    let [ann, bob, eve] = ["ann", "bob", "eve"].map(|name| key(&place, name, &grants));
    let mover = key(&place, "mover", &grants[..3]);
    let server = server(&place);
    let [ann, bob, eve, mover] = [ann, bob, eve, mover].map(|key| person(&place, &server, Some(&key)));
    ann.does("prompt publish desk/sort versions/one.flow").works();
    ann.does("prompt publish desk/sort versions/two.flow").works();
    ann.does("prompt publish desk/sort versions/more.flow").works();
    ann.does("prompt move desk/sort@prod v1").works();
    ann.does("deploy .").works();
    ann.does("registry protect prompt:desk/*@prod").fails(2, &["where the registry's file is"]);
    let protect = ["registry", "protect", "prompt:desk/*@prod", "--reason", "it is live"];
    place.flowc(&protect).works();
    let said = ann.does("prompt move desk/sort@prod v2");
    assert!(said.works().out.contains(": desk/sort@prod v1 → v2"), "{said:#?}");
    assert!(said.err.contains("nothing moved yet"), "{said:#?}");
    assert!(ann.say("prompt show desk/sort@prod").works().out.contains("one:"));
    let waiting = bob.json("registry proposals");
    let number = waiting["proposals"][0]["seq"].as_u64().unwrap();
    assert_eq!(waiting["protected"], json!(["prompt:desk/*@prod"]));
    ann.does(&format!("registry approve {number}")).fails(2, &["was made by ann: somebody else approves it"]);
    mover.does(&format!("registry approve {number}")).fails(2, &["may not approve prompt `desk/sort@prod`"]);
    ann.does("prompt move desk/sort@prod v3").fails(1, &["error[FL0804]"]);
    let approved = bob.does(&format!("registry approve {number}"));
    assert!(approved.works().out.contains("desk/sort@prod v1 → v2  generation 2"), "{approved:#?}");
    bob.does(&format!("registry approve {number}")).fails(2, &["is approved already"]);
    ann.does("prompt rollback desk/sort@prod").works();
    ann.does("prompt move desk/sort@prod v2").works();
    let number = bob.json("registry proposals")["proposals"][0]["seq"].as_u64().unwrap();
    eve.does(&format!("registry withdraw {number}")).works();
    assert_eq!(bob.json("registry proposals")["proposals"], json!([]));
    let log = bob.say("audit log desk/sort@prod").works().out.clone();
    for words in ["ann  propose prompt", "bob  approve prompt", "bob  move prompt", "eve  withdraw prompt"] {
        assert!(log.contains(words), "{words} in {log}");
    }
    assert_eq!(bob.json("audit verify")["whole"], true);
}

#[test]
fn what_a_program_sends_is_answered_with_the_diagnostics() {
    let place = place();
    for (word, number) in [("one", "v1"), ("more", "v2")] {
        place.flowc(&["prompt", "publish", "desk/sort", &format!("versions/{word}.flow")]).works();
        assert!(place.flowc(&["prompt", "list"]).works().out.contains(number));
    }
    place.flowc(&["prompt", "move", "desk/sort@prod", "v1", "--reason", "first"]).works();
    place.flowc(&["deploy", ".", "--reason", "first"]).works();
    let server = server(&place);
    let change = |to: u32, more: Value| {
        let mut body = json!({ "actor": "ann", "reason": "try", "change":
            { "do": "move", "kind": "prompt", "pointer": "desk/sort@prod", "to": to } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.post("/v1/registry/changes", &body)
    };
    let refused = change(2, json!({})).is(422);
    assert_eq!(refused["error"]["class"], "Refused");
    assert_eq!(refused["refusal"]["refused"][0]["diagnostics"][0]["code"], "FL0804", "{refused}");
    assert_eq!(change(1, json!({})).is(409)["error"]["message"], "`desk/sort@prod` is at v1 already");
    change(2, json!({ "actor": "" })).is(422);
    change(2, json!({ "colour": "red" })).is(422);
    change(7, json!({})).is(404);
    server.get("/v1/registry/versions?kind=prompt&colour=red").is(422);
    server.get("/v1/registry/nothing").is(404);
    assert_eq!(server.post("/v1/registry/log", &json!({})).status, 405);
    assert_eq!(server.get("/v1/registry/changes").status, 405);
    let content = json!({ "do": "publish", "kind": "prompt", "name": "desk/sort", "content": {} });
    server.post("/v1/registry/changes", &json!({ "actor": "ann", "change": content })).is(422);
    let paths = server.get("/openapi.json").is(200)["paths"].clone();
    assert!(paths["/v1/registry/changes"]["post"].is_object());
}
