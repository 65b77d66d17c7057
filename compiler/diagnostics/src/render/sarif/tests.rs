use serde_json::json;

use super::log;
use crate::{Diagnostic, Edit, Severity, SourceMap, Span, index};

fn two_files() -> (SourceMap, Vec<Diagnostic>) {
    let mut sources = SourceMap::default();
    let main = sources.add("my flows/main.flow", "// ä𝄞\nnode x\n");
    let models = sources.add("models.flow", "model fast\n");
    let at = |file, start, end| Span { file, start, end };
    let edits = vec![
        Edit { span: at(main, 15, 16), text: "y".to_owned() },
        Edit { span: at(models, 0, 0), text: "pub ".to_owned() },
    ];
    let first = Diagnostic::new(&index::PRIVATE_NAME, at(main, 15, 16), "`x` is private", "not visible")
        .also(at(models, 6, 10), "declared here")
        .help("put `pub` in front")
        .fix("make it `pub`", edits);
    let mut second = Diagnostic::new(&index::UNUSED_PARAMETER, at(main, 10, 14), "never used", "");
    second.severity = Severity::Error;
    (sources, vec![first, second])
}

#[test]
fn results_point_at_code_points_and_name_their_rule() {
    let (sources, found) = two_files();
    let log = log("0.1.0", &[(&found, &sources)]);
    let run = &log["runs"][0];
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "my%20flows/main.flow");
    assert_eq!(place["region"], json!({ "startLine": 2, "startColumn": 6, "endLine": 2, "endColumn": 7 }));
    assert_eq!(run["results"][0]["message"]["text"], "`x` is private\nput `pub` in front");
    assert_eq!(run["results"][0]["relatedLocations"][0]["message"]["text"], "declared here");
    for (at, result) in [&run["results"][0], &run["results"][1]].into_iter().enumerate() {
        assert_eq!(result["ruleIndex"], at);
        assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
    }
}

#[test]
fn the_package_may_raise_a_level_and_the_rule_keeps_its_own() {
    let (sources, found) = two_files();
    let log = log("0.1.0", &[(&found, &sources)]);
    let run = &log["runs"][0];
    assert_eq!(run["results"][1]["level"], "error");
    assert_eq!(run["tool"]["driver"]["rules"][1]["defaultConfiguration"]["level"], "warning");
}

#[test]
fn a_fix_changes_every_file_it_touches() {
    let (sources, found) = two_files();
    let log = log("0.1.0", &[(&found, &sources)]);
    let changes = log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"].clone();
    assert_eq!(changes[0]["replacements"][0]["insertedContent"]["text"], "y");
    assert_eq!(changes[1]["artifactLocation"]["uri"], "models.flow");
    assert_eq!(changes[1]["replacements"][0]["deletedRegion"]["startColumn"], 1);
}

#[test]
fn nothing_found_is_a_run_without_results() {
    let log = log("0.1.0", &[]);
    assert_eq!(log["runs"][0]["results"], json!([]));
    assert_eq!(log["version"], "2.1.0");
}
