//! The example that the README begins with, against a server that speaks the OpenAI protocol: models are asked,
//! tools answer from the cassette, people from a file.

use flow_tests::provider::{Answer, Provider, Seen, completion};
use serde_json::{Value, json};

use crate::flowc::{Place, Said, repository};

const KEY: &str = "sk-very-secret-0123456789";
const TRIAGE: &str =
    r#"{"intent":{"Inspection":{"address":"4 Elm St"}},"urgency":2,"summary":"Ann wants a viewing."}"#;
const DRAFT: &str = r#"{"subject":"Viewing","body":"Come on Wed 21 Jan 15:00."}"#;
const REVISED: &str = r#"{"subject":"Viewing","body":"Come on Wed 21 Jan 15:00. Mr Okoro waits for you."}"#;

/// A completion whose model was this sure of every piece of it.
fn sure(text: &str, logprob: f64) -> Answer {
    let mut body = completion(json!(text), "stop");
    let tokens: Vec<Value> = text
        .split_inclusive(',')
        .map(|token| json!({ "token": token, "logprob": logprob, "bytes": null, "top_logprobs": [] }))
        .collect();
    body["choices"][0]["logprobs"] = json!({ "content": tokens, "refusal": null });
    Answer::json(200, &body)
}

fn live(answers: Vec<Answer>) -> (Said, Vec<Seen>) {
    let provider = Provider::start(answers);
    let place = Place::new(&[]).env("OPENAI_API_KEY", KEY).env("OPENAI_BASE_URL", &provider.base());
    let estate = repository("examples/estate");
    let at = |name: &str| estate.join(name).display().to_string();
    let input = format!("@{}", at("input.json"));
    let (cassette, people) = (at("cassettes/run.json"), at("answers.json"));
    let target = estate.display().to_string();
    let mut args = vec!["run", target.as_str(), "--input", &input, "--json", "--live"];
    args.extend(["--cassette", &cassette, "--answers", &people]);
    let said = place.flowc(&args);
    assert!(!said.out.contains(KEY) && !said.err.contains(KEY), "{said:#?}");
    (said, provider.seen())
}

#[test]
fn models_are_asked_and_tools_answer_from_the_cassette() {
    let (said, seen) = live(vec![sure(TRIAGE, -0.01), Answer::ok(DRAFT), Answer::ok(REVISED)]);
    let told: Value = serde_json::from_str(&said.works().out).unwrap();
    assert_eq!(told["result"], json!({ "Sent": { "mail": "out-88123" } }));
    assert_eq!(told["tokens"], json!({ "input": 33, "output": 21 }), "what the server said, thrice");
    let path: Vec<&str> =
        told["path"].as_array().unwrap().iter().filter_map(|step| step["node"].as_str()).collect();
    assert_eq!(path, ["sort", "gather", "times", "write", "ask", "rewrite", "ask", "send", "record"]);

    let models: Vec<&str> = seen.iter().filter_map(|seen| seen.body["model"].as_str()).collect();
    assert_eq!(models, ["gpt-5-mini", "gpt-5", "gpt-5"]);
    for seen in &seen {
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v1/chat/completions"));
        assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    }
}

#[test]
fn the_requests_say_what_the_prompts_say() {
    let (_, seen) = live(vec![sure(TRIAGE, -0.01), Answer::ok(DRAFT), Answer::ok(REVISED)]);
    let [sort, write, rewrite] = seen.as_slice() else { panic!("three requests, not {}", seen.len()) };
    let check = |seen: &Seen, schema: &str, most: u32, system: &str, user: &str| {
        let format = &seen.body["response_format"];
        assert_eq!(
            (&format["type"], &format["json_schema"]["name"]),
            (&json!("json_schema"), &json!(schema))
        );
        assert_eq!(format["json_schema"]["strict"], true);
        assert_eq!(seen.body["max_completion_tokens"], most);
        assert_eq!(
            seen.body["messages"],
            json!([{ "role": "system", "content": system }, { "role": "user", "content": user }])
        );
    };
    let mail = "Good morning, I saw 4 Elm St on your page and would like to see it this week, best in the afternoon. Ann";
    check(
        sort,
        "triage",
        300,
        "You sort mail for an estate agent. Summarise in one sentence.",
        &format!("Subject: Viewing 4 Elm St\n{mail}"),
    );
    assert_eq!(sort.body["logprobs"], true);
    check(
        write,
        "draft_reply",
        600,
        "You answer mail for an estate agent. Offer only the times you are given.",
        &format!(
            "Viewing 4 Elm St\n{mail}\n\nThe listing L-204, 4 Elm St: Three rooms, 74 m², second floor with a balcony to \
             the south. Free from 1 February. 1,180 EUR a month without heating.\n\nFree times: Wed 21 Jan 15:00, Thu 22 \
             Jan 16:30, Fri 23 Jan 14:00\n"
        ),
    );
    check(
        rewrite,
        "revise",
        600,
        "Rewrite the reply as the agent asks. Keep every fact.",
        "Viewing\nCome on Wed 21 Jan 15:00.\n\nThe agent says: Say who will meet her, and sign it.",
    );
    let reply = json!({
        "type": "object",
        "properties": {
            "subject": { "type": "string", "description": "At least 1, at most 120 characters." },
            "body": { "type": "string", "description": "At most 350 tokens." },
        },
        "required": ["subject", "body"],
        "additionalProperties": false,
    });
    assert_eq!(rewrite.body["response_format"]["json_schema"]["schema"], reply);
}

#[test]
fn an_unsure_model_leaves_the_mail_to_a_person() {
    let (said, seen) = live(vec![sure(TRIAGE, -0.7)]);
    let told: Value = serde_json::from_str(&said.works().out).unwrap();
    assert_eq!(told["result"]["Escalated"]["reason"], "needs a person: Ann wants a viewing.");
    assert_eq!(seen.len(), 1);
}
