use flow_model::{ChatReply, TokenProbability};

use super::{locate, probability};

#[test]
fn a_path_leads_to_its_value() {
    let text = r#" {"a": [1, {"b": "}\""}], "in\u0074ent": {"Offer": {"amount": 12.5}}, "z" : true } "#;
    let cases = [
        (&["a"][..], Some(r#"[1, {"b": "}\""}]"#)),
        (&["intent"], Some(r#"{"Offer": {"amount": 12.5}}"#)),
        (&["intent", "Offer", "amount"], Some("12.5")),
        (&["z"], Some("true")),
        (&["missing"], None),
        (&["a", "b"], None),
    ];
    for (path, expect) in cases {
        assert_eq!(locate(text, path).map(|range| &text[range]), expect, "{path:?}");
    }
}

fn reply(tokens: &[(&str, f64)]) -> ChatReply {
    ChatReply {
        text: tokens.iter().map(|(token, _)| *token).collect(),
        tokens: tokens
            .iter()
            .map(|(token, p)| TokenProbability { token: (*token).to_owned(), logprob: p.ln() })
            .collect(),
        ..ChatReply::default()
    }
}

#[test]
fn only_the_tokens_of_the_value_count() {
    let reply = reply(&[("{\"a\":", 0.1), (" \"Sp", 0.9), ("am\"", 0.5), (", \"b\": 1}", 0.2)]);
    let sure = probability(&reply, &["a"]).unwrap();
    assert!((sure - 0.45).abs() < 1e-9, "{sure}");
}

#[test]
fn without_tokens_there_is_no_probability() {
    let mut cut = reply(&[("{\"a\": 1}", 1.0)]);
    assert_eq!(probability(&ChatReply { tokens: Vec::new(), ..cut.clone() }, &["a"]), None);
    cut.text.push(' ');
    assert_eq!(probability(&cut, &["a"]), None, "tokens of another text");
}
