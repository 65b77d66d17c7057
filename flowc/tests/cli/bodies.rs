//! Contents in a folder and in a bucket: the real binary against S3 and KMS as moto has them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::clients::{peer, script};
use crate::flowc::{Place, Said};

const PROMPT: &str =
    "prompt sort(mail: text in ..400 tokens): text in 1..20 {\n  user: \"Sort this: WORD {{mail}}\"\n}\n";

fn place() -> Place {
    let place = Place::new(&[("versions/flow.toml", "[package]\nname = \"versions\"\nflow = \"0.1\"\n")]);
    for word in ["one", "two", "three"] {
        place.write(&format!("versions/{word}.flow"), PROMPT.replace("WORD", word));
    }
    place.env("FLOWC_ACTOR", "ann")
}

impl Place {
    fn say(&self, words: &str) -> Said {
        let words: Vec<&str> = words.split(' ').collect();
        self.flowc(&[words.as_slice(), &["--reason", "because"]].concat())
    }

    fn publish_as(&self, name: &str, word: &str) -> Said {
        self.say(&format!("prompt publish {name} versions/{word}.flow"))
    }

    fn show(&self, reference: &str) -> Said {
        self.flowc(&["prompt", "show", reference])
    }

    fn forget_copies(&self) {
        std::fs::remove_dir_all(self.path().join(".flowc/registry.bodies")).unwrap();
    }
}

#[test]
fn contents_in_a_folder_need_its_key() {
    let place = place();
    let address = format!("file://{0}/bodies?key={0}/body.key", place.path().display());
    let said = place.say(&format!("registry bodies {address}"));
    assert!(said.works().err.contains("keep a copy"), "{said:#?}");
    assert_eq!(place.flowc(&["registry", "bodies"]).works().out, format!("{address}\n"));
    place.publish_as("desk/sort", "one").works();
    assert!(place.show("desk/sort@v1").works().out.contains("Sort this: one"));
    let key = place.read("body.key");
    place.write("body.key", "ab".repeat(32));
    place.show("desk/sort@v1").fails(2, &["cannot be opened: it was sealed with the key `file:"]);
    std::fs::remove_file(place.path().join("body.key")).unwrap();
    place.show("desk/sort@v1").fails(2, &["body.key` cannot be used"]);
    place.write("body.key", key);
    place.say("registry bodies inline").works();
    place.publish_as("desk/sort", "two").works();
    for word in ["one", "two"] {
        let version = if word == "one" { "desk/sort@v1" } else { "desk/sort@v2" };
        assert!(place.show(version).works().out.contains(&format!("Sort this: {word}")));
    }
    place.flowc(&["audit", "verify"]).works();
    std::fs::remove_dir_all(place.path().join("bodies/prompt")).unwrap();
    place.flowc(&["audit", "verify"]).fails(1, &["is not there"]);
    place.say("registry bodies s3://bucket").fails(2, &["`kms=…` is missing"]);
}

/// moto, and a line to it.
struct Moto {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    said: Value,
}

impl Moto {
    fn start(place: &Place) -> Option<Self> {
        let python = peer("moto/bin/python3")?;
        let mut command = place.program(python.to_str().unwrap(), &["-c", &script("moto_peer.py")]);
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut moto = Self { child, input, output, said: Value::Null };
        moto.said = moto.hear();
        Some(moto)
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn ask(&mut self, what: &Value) -> Value {
        writeln!(self.input, "{what}").unwrap();
        self.hear()
    }

    fn objects(&mut self) -> Vec<Value> {
        self.ask(&json!({ "do": "objects" })).as_array().unwrap().clone()
    }

    fn text(&self, field: &str) -> &str {
        self.said[field].as_str().unwrap()
    }

    /// Where contents are kept, at this prefix.
    fn address(&self, prefix: &str) -> String {
        let endpoint = self.text("endpoint");
        format!(
            "s3://bodies/{prefix}?kms=alias/flow&region=eu-central-1&sse=AES256&endpoint={endpoint}&kms_endpoint={endpoint}"
        )
    }

    fn given(&self, place: Place) -> Place {
        let place = place.env("AWS_ACCESS_KEY_ID", self.text("key"));
        place.env("AWS_SECRET_ACCESS_KEY", self.text("secret"))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Ended already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A registry whose contents are in moto's bucket.
fn in_the_bucket() -> Option<(Place, Moto)> {
    let place = place();
    let moto = Moto::start(&place)?;
    let place = moto.given(place);
    place.say(&format!("registry bodies {}", moto.address("reg"))).works();
    Some((place, moto))
}

#[test]
fn contents_in_a_bucket_are_sealed_put_once_and_read_as_they_were() {
    let Some((place, mut moto)) = in_the_bucket() else { return };
    assert_eq!(moto.objects(), Vec::<Value>::new(), "the trial is gone");
    place.publish_as("desk/sort", "one").works();
    place.publish_as("desk/sort", "two").works();
    let objects = moto.objects();
    assert_eq!(objects.len(), 2);
    for object in &objects {
        assert_eq!((&object["sse"], &object["readable"]), (&json!("AES256"), &json!(false)), "{object}");
    }
    // Another registry with the same bucket finds what is there.
    let other = moto.given(self::place());
    other.say(&format!("registry bodies {}", moto.address("reg"))).works();
    other.publish_as("desk/sort", "one").works();
    assert_eq!(moto.objects().len(), 2, "put once");
    // Whoever overwrites an object changes nothing: its version is what was published.
    let name = objects[0]["name"].as_str().unwrap();
    moto.ask(&json!({ "do": "overwrite", "name": name }));
    place.forget_copies();
    for (version, word) in [("desk/sort@v1", "one"), ("desk/sort@v2", "two")] {
        assert!(place.show(version).works().out.contains(&format!("Sort this: {word}")));
    }
    place.flowc(&["audit", "verify"]).works();
    for object in &objects {
        moto.ask(&json!({ "do": "delete", "name": object["name"], "version": object["version"] }));
    }
    place.flowc(&["audit", "verify"]).fails(1, &["is not there"]);
    place.forget_copies();
    place
        .show("desk/sort@v1")
        .fails(2, &["the content of prompt `desk/sort` cannot be reached", "not there"]);
}

#[test]
fn a_data_key_opens_for_its_own_content_only() {
    let Some((place, mut moto)) = in_the_bucket() else { return };
    place.publish_as("desk/sort", "one").works();
    let object = moto.objects()[0].clone();
    let name = object["name"].as_str().unwrap();
    let digest = name.rsplit('/').next().unwrap();
    let opens = |moto: &mut Moto, of: &str| {
        let context = json!({ "flow:kind": "prompt", "flow:name": of, "flow:digest": digest });
        moto.ask(&json!({ "do": "opens", "wrapped": object["head"]["wrapped"], "context": context }))
    };
    assert_eq!((opens(&mut moto, "desk/sort"), opens(&mut moto, "desk/other")), (json!(true), json!(false)));
    // Somebody puts it where another name's content belongs: what is there already is taken only if it opens.
    let there = name.replace("desk/sort", "desk/other");
    moto.ask(&json!({ "do": "overwrite", "name": there, "from": name }));
    place.publish_as("desk/other", "one").fails(2, &["cannot be opened", "InvalidCiphertext"]);
    let listed = place.flowc(&["prompt", "list", "desk/other"]);
    listed.fails(2, &["there is no prompt `desk/other`"]);
}

#[test]
fn credentials_and_keys_that_are_wrong_are_told() {
    let Some((place, moto)) = in_the_bucket() else { return };
    place.publish_as("desk/sort", "one").works();
    place.forget_copies();
    let mut command = place.command(&["prompt", "show", "desk/sort@v1"]);
    let said = Said::from(command.env("AWS_SECRET_ACCESS_KEY", "wrong").output().unwrap());
    said.fails(2, &["answered 403"]);
    let mut command = place.command(&["prompt", "show", "desk/sort@v1"]);
    let said = Said::from(command.env_remove("AWS_ACCESS_KEY_ID").output().unwrap());
    said.fails(2, &["needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"]);
    let wrong = moto.address("reg").replace("alias/flow", "alias/none");
    place.say(&format!("registry bodies {wrong}")).fails(2, &["NotFound"]);
    let wrong = moto.address("reg").replace("s3://bodies", "s3://nobodies");
    place.say(&format!("registry bodies {wrong}")).fails(2, &["NoSuchBucket"]);
}

#[test]
fn a_store_that_is_busy_is_asked_again() {
    let Some((place, mut moto)) = in_the_bucket() else { return };
    moto.ask(&json!({ "do": "requests" }));
    let busy = json!([[400, "ThrottlingException"], [500, "KMSInternalException"]]);
    moto.ask(&json!({ "do": "fail", "with": busy }));
    place.publish_as("desk/sort", "one").works();
    let seen = moto.ask(&json!({ "do": "requests" }));
    let targets: Vec<&Value> = seen.as_array().unwrap().iter().map(|one| &one[2]).collect();
    let key = "TrentService.GenerateDataKey";
    assert_eq!(targets, [key, key, key, ""], "two failures, the key, the object: {seen}");
    place.forget_copies();
    let busy = json!([[503, "SlowDown"], [500, "InternalError"], [503, "SlowDown"], [429, "Throttling"]]);
    moto.ask(&json!({ "do": "fail", "with": busy }));
    place.show("desk/sort@v1").works();
    place.forget_copies();
    moto.ask(&json!({ "do": "fail", "with": [[403, "AccessDenied"]] }));
    moto.ask(&json!({ "do": "requests" }));
    place.show("desk/sort@v1").fails(2, &["AccessDenied"]);
    assert_eq!(moto.ask(&json!({ "do": "requests" })).as_array().unwrap().len(), 1, "asked once");
    moto.ask(&json!({ "do": "fail", "with": vec![json!([503, "SlowDown"]); 50] }));
    place.show("desk/sort@v1").fails(2, &["SlowDown", "nothing was changed"]);
}

#[test]
fn the_registry_is_used_while_the_store_is_away() {
    let Some((place, moto)) = in_the_bucket() else { return };
    place.publish_as("desk/sort", "one").works();
    place.publish_as("desk/sort", "two").works();
    place.say("prompt move desk/sort@prod v1").works();
    drop(moto);
    place.say("prompt move desk/sort@prod v2").works();
    place.say("prompt rollback desk/sort@prod").works();
    assert!(place.show("desk/sort@prod").works().out.contains("Sort this: one"));
    place.flowc(&["audit", "log"]).works();
    place.publish_as("desk/sort", "three").fails(2, &["cannot connect"]);
    let listed = place.flowc(&["prompt", "list"]).works().out.clone();
    assert!(listed.contains("newest v2"), "{listed}");
    place.flowc(&["audit", "verify"]).fails(2, &["cannot connect"]);
}
