//! The cases that AWS publishes as `aws-signing-test-suite`, as far as they are about what is sent here.

use flow_model::Patience;
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;

use super::{Canonical, Credentials, amz_date, encode_path, hex, sign, signature};
use crate::http::{HttpRequest, Trust, Verb};

fn credentials(token: Option<&str>) -> Credentials {
    Credentials {
        access_key: "AKIDEXAMPLE".to_owned(),
        secret_key: SecretString::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        session_token: token.map(|token| SecretString::from(token.to_owned())),
        region: "us-east-1".to_owned(),
        service: "service",
    }
}

const DATE: &str = "20150830T123600Z";

fn payload(body: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref())
}

/// Verb, path as sent, query, further headers, body, signature.
type Case =
    (&'static str, &'static str, &'static str, Vec<(&'static str, &'static str)>, &'static str, &'static str);

#[test]
fn the_published_vectors_are_signed_as_published() {
    let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    let cases: Vec<Case> = CASES.iter().map(|(a, b, c, d, e)| (*a, *b, *c, Vec::new(), *d, *e)).collect();
    let with_token = ("GET", "/", "", vec![("X-Amz-Security-Token", token)], "", WITH_TOKEN);
    for (verb, path, query, more, body, expect) in cases.into_iter().chain([with_token]) {
        let mut headers = vec![
            ("Host".to_owned(), "example.amazonaws.com".to_owned()),
            ("X-Amz-Date".to_owned(), DATE.to_owned()),
        ];
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let payload = payload(body);
        let path = encode_path(path);
        let canonical = Canonical { verb, path: &path, query, headers: &headers, payload: &payload };
        let (text, _) = canonical.text();
        assert_eq!(signature(&credentials(None), &text, DATE), expect, "{verb} {path} {query}\n{text}");
    }
}

#[test]
fn the_path_is_encoded_twice_and_headers_are_tidied() {
    let headers = [("My-Header1".to_owned(), "  a   b  c ".to_owned()), ("Host".to_owned(), "h".to_owned())];
    let path = encode_path("/model/eu.anthropic.claude-sonnet-4-5%3A0/converse");
    let canonical =
        Canonical { verb: "POST", path: &path, query: "b=2&a=1&a", headers: &headers, payload: "x" };
    let (text, names) = canonical.text();
    assert_eq!(names, "host;my-header1");
    assert_eq!(
        text,
        "POST\n/model/eu.anthropic.claude-sonnet-4-5%253A0/converse\na=&a=1&b=2\nhost:h\nmy-header1:a b c\n\nhost;my-header1\nx"
    );
}

#[test]
fn a_request_carries_its_signature_and_hides_it() {
    let patience = Patience::of_attempt(1);
    let mut request =
        HttpRequest::new(Verb::POST, "http://127.0.0.1:9/model/a/converse", Trust::Literal, patience);
    request.json(&serde_json::json!({}));
    let now = "2015-08-30T12:36:00.5Z".parse().unwrap();
    assert_eq!(amz_date(now), DATE);
    sign(&credentials(Some("tok")), &mut request, now).unwrap();
    let value = &request.headers[AUTHORIZATION];
    assert!(value.is_sensitive());
    let text = value.to_str().unwrap();
    assert!(
        text.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
        ),
        "{text}"
    );
}

const WITH_TOKEN: &str = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";

const CASES: [(&str, &str, &str, &str, &str); 8] = [
    ("GET", "/", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    (
        "GET",
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "",
        "",
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    ("GET", "/ሴ", "", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ("GET", "/example space/", "", "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    ("POST", "/", "", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("POST", "/", "Param1=value1", "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    (
        "GET",
        "/",
        "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        "",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    ("GET", "/", "Param1=value1", "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
];
