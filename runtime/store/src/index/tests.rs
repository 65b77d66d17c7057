use flow_ir::setup::SearchMode;
use serde_json::json;

use super::{Index, Query};
use crate::hashing_vector;
use crate::write::{IndexEntry, Vector};

const TEXTS: [(&str, &str); 5] = [
    ("a", "Press reset to restart the router."),
    ("b", "The router has four ports and a reset button; press reset, wait, press reset again."),
    ("c", "Opening hours are nine to five."),
    ("d", "Reset."),
    ("e", "Invoices are sent by mail."),
];

fn index() -> Index {
    let mut index = Index::default();
    for (id, text) in TEXTS {
        index.put(IndexEntry {
            id: id.to_owned(),
            item: json!({ "id": id }),
            text: text.to_owned(),
            vector: Some(Vector(hashing_vector(text))),
        });
    }
    index
}

fn ids(mode: SearchMode, text: &str, top: usize, keep: &[&str]) -> Vec<String> {
    let vector = hashing_vector(text);
    let query = Query { mode, text, vector: Some(&vector), top, min: None };
    let mut keep =
        |item: &serde_json::Value| Ok(keep.is_empty() || keep.contains(&item["id"].as_str().unwrap()));
    let hits = index().search(&query, &mut keep).unwrap();
    hits.iter().map(|hit| hit.item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keyword_search_finds_words_and_nothing_else() {
    assert_eq!(ids(SearchMode::Keyword, "opening hours", 5, &[]), ["c"]);
    assert_eq!(ids(SearchMode::Keyword, "RESET", 5, &[]), ["d", "b", "a"]);
    assert!(ids(SearchMode::Keyword, "warranty", 5, &[]).is_empty());
}

#[test]
fn the_predicate_is_asked_before_the_best_are_chosen() {
    for mode in [SearchMode::Keyword, SearchMode::Vector, SearchMode::Hybrid] {
        assert_eq!(ids(mode, "reset the router", 1, &["a", "c"]), ["a"], "{mode:?}");
    }
}

#[test]
fn hybrid_prefers_what_both_rankings_like() {
    let found = ids(SearchMode::Hybrid, "press reset to restart", 2, &[]);
    assert_eq!(found.first().map(String::as_str), Some("a"));
}

#[test]
fn an_entry_of_equal_id_is_replaced() {
    let mut index = index();
    let text = "Warranty lasts two years.".to_owned();
    index.put(IndexEntry { id: "d".to_owned(), item: json!({ "id": "d2" }), text, vector: None });
    let search = |text: &str| {
        let query = Query { mode: SearchMode::Keyword, text, vector: None, top: 9, min: None };
        index.search(&query, &mut |_| Ok(true)).unwrap().len()
    };
    assert_eq!((search("warranty"), search("reset")), (1, 2));
}

#[test]
fn scores_below_the_minimum_are_left_out() {
    let vector = hashing_vector("Opening hours are nine to five.");
    let query = Query { mode: SearchMode::Vector, text: "", vector: Some(&vector), top: 9, min: Some(0.99) };
    assert_eq!(index().search(&query, &mut |_| Ok(true)).unwrap().len(), 1);
}
