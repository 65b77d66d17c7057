use super::*;

#[test]
fn every_setting_says_what_it_means() {
    let kinds = [SetupKind::Model, SetupKind::Prompt, SetupKind::Tool, SetupKind::Human, SetupKind::Resource];
    for kind in kinds {
        for name in flow_compiler::vocabulary::settings(kind) {
            assert!(setting(kind, name).is_some(), "`{name}` of {kind:?} has no words");
        }
    }
}

#[test]
fn every_pattern_is_an_item_that_parses() {
    for (word, pattern, _) in ITEMS {
        let text = filled(pattern);
        let parsed = flow_grammar::parse(&text);
        assert!(parsed.errors.is_empty(), "{word}: {text}\n{:?}", parsed.errors);
    }
}

/// The pattern as it is before anybody types.
fn filled(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let (inside, behind) = after.split_once('}').expect("a place ends");
        text.push_str(inside.split_once(':').map_or("", |(_, default)| default));
        rest = behind;
    }
    text + rest
}
