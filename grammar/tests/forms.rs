//! Every form of the language is read as what it means.

#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

use flow_grammar::ast::{ArgValue, ArmTest, ExprKind, Item, ItemKind, SplitItem, TemplatePart, TypeBody};
use flow_grammar::{parse, parse_expr};

fn item(source: &str) -> Item {
    let parsed = parse(source);
    assert_eq!(parsed.errors, [], "{source}");
    parsed.file.items.into_iter().next().expect("an item")
}

/// The text of a template, with holes as `<>`, `<each …>` and `<if …>`.
fn template(parts: &[TemplatePart]) -> String {
    parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text { value, .. } => value.to_string(),
            TemplatePart::Hole(_) => "<>".into(),
            TemplatePart::Each { body, .. } => format!("<each {}>", template(body)),
            TemplatePart::If { then, otherwise, .. } => {
                format!("<if {}|{}>", template(then), template(otherwise))
            }
        })
        .collect()
}

fn text(source: &str) -> String {
    let (expr, errors) = parse_expr(source);
    assert_eq!(errors, [], "{source}");
    let ExprKind::Text(found) = expr.kind else { panic!("no text: {source}") };
    template(&found.parts)
}

#[test]
fn strings_are_unescaped_and_blocks_are_stripped() {
    let table = [
        (r#""""#, ""),
        (r#""a\n\t\"\\\u{41}""#, "a\n\t\"\\A"),
        (r#""a }} b { c""#, "a }} b { c"),
        (r#""{{"{{"}}""#, "<>"),
        (r#""{{ f("x {{ y }}") }}!""#, "<>!"),
        (r#""{{case x { A => 1 }}}""#, "<>"),
        ("\"\"\"\n    a\n      b\n\n    c\n  \"\"\"", "a\n  b\n\nc"),
        ("\"\"\"\r\n    a\r\n    b\r\n  \"\"\"", "a\nb"),
        ("\"\"\"a\n  b\"\"\"", "a\nb"),
        ("\"\"\"\n\"\"\"", ""),
        ("\"\"\"\n  {{each p in ps}}\n  [{{p}}]\n  {{end}}\n\n  Q\n\"\"\"", "<each [<>]\n>\nQ"),
        ("\"\"\"\n  {{if a}}\n  A\n  {{else}}\n  B\n  {{end}}\n  C\n\"\"\"", "<if A\n|B\n>C"),
        ("\"{{if a}}x{{end}}{{each b in c}}{{b}},{{end}}\"", "<if x|><each <>,>"),
    ];
    for (source, expect) in table {
        assert_eq!(text(source), expect, "{source}");
    }
}

#[test]
fn keywords_are_names_where_only_names_can_stand() {
    let record = item("type A {\n  type: text\n  in: int\n  test \"Test\": bool\n  when: date\n}");
    let ItemKind::Type(decl) = record.kind else { panic!() };
    let TypeBody::Record(fields) = decl.body else { panic!() };
    let names: Vec<&str> = fields.iter().map(|field| field.name.text.as_str()).collect();
    assert_eq!(names, ["type", "in", "test", "when"]);
    for source in ["a.max.all(b).type", "f(model: 1, in: 2, on: 3)", "prompt + tool * human"] {
        assert_eq!(parse_expr(source).1, [], "{source}");
    }
}

#[test]
fn the_additions_are_read() {
    let parsed = parse(
        "enum Act tag \"kind\" {\n  StaleSource \"stale_source\"\n  Two(a \"A\": text)\n}\n\
         type B {\n  a: int in -5..5\n  b: pii text? in 1..40 tokens\n  c: money in 0 EUR..\n}\n\
         resource i: Index(T) {\n  text: c => \"{{c.title}}\"\n}\n\
         fn f(a: int): int =\n  case {\n    a > 1 => -a\n    (a + 1) * 2 == 4 => g(a, where: c => c.x)\n    _ => 0\n  }\n\
         fn g(a: int): int = case a { -1 => 0 1 => a - 1 _ => a }\n\
         flow h() {\n  -> x on Invalid max 1\n  -> return y.at(1)\n}\n\
         on digests -> consolidate(event)\n",
    );
    assert_eq!(parsed.errors, []);
    let ItemKind::Fn(decl) = &parsed.file.items[3].kind else { panic!() };
    let ExprKind::Case { scrutinee: None, arms } = &decl.body.kind else { panic!() };
    assert_eq!(arms.len(), 3);
    assert!(matches!(arms[1].test, ArmTest::Condition(_)));
    let ItemKind::Fn(decl) = &parsed.file.items[4].kind else { panic!() };
    let ExprKind::Case { scrutinee: Some(_), arms } = &decl.body.kind else { panic!() };
    assert_eq!(arms.len(), 3);
    let ItemKind::Setup(index) = &parsed.file.items[2].kind else { panic!() };
    assert!(matches!(index.settings[0].value, ArgValue::Lambda { .. }));
}

#[test]
fn numbers_are_exact() {
    let table = [
        ("12", 12_000_000),
        ("1_000", 1_000_000_000),
        ("128k", 128_000_000_000),
        ("1M", 1_000_000_000_000),
        ("0.000001", 1),
        ("0.0000005k", 500),
        ("1.50", 1_500_000),
    ];
    for (source, micros) in table {
        let (expr, errors) = parse_expr(source);
        assert_eq!(errors, [], "{source}");
        assert!(
            matches!(&expr.kind, ExprKind::Number(number) if number.micros == micros),
            "{source}: {expr:?}"
        );
    }
    for source in ["250ms", "8s", "5min", "4h", "30d", "5%", "0.05 USD", "10 EUR", "4k tokens", "3 MB"] {
        let (expr, errors) = parse_expr(source);
        assert_eq!(errors, [], "{source}");
        assert!(matches!(expr.kind, ExprKind::Quantity(_)), "{source}");
    }
}

#[test]
fn docs_and_comments_go_where_they_belong() {
    let parsed = parse(
        "//! File.\n\n/// Item.\n// note\npub type A {\n  /// Field.\n  a: text // behind\n  b: int\n}\n",
    );
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.file.docs[0].text, "File.");
    let first = &parsed.file.items[0];
    assert_eq!(first.docs[0].text, "Item.");
    assert!(first.public.is_some());
    assert_eq!(parsed.trivia.comments.len(), 2);
    assert!(parsed.trivia.comments[0].own_line && !parsed.trivia.comments[1].own_line);
    assert_eq!(parsed.trivia.blank_lines, [10]);
}

#[test]
fn splits_have_shares_shadows_and_settings() {
    let split = item("split s(t: T): U {\n  key: t.c\n  95%: a(t) using fast\n  shadow 2%: b(t)\n}");
    let ItemKind::Split(split) = split.kind else { panic!() };
    assert!(matches!(
        split.items.as_slice(),
        [SplitItem::Setting(_), SplitItem::Arm { .. }, SplitItem::Shadow { .. }]
    ));
}

#[test]
fn a_comment_behind_a_hole_without_end_is_kept() {
    for comment in ["// why", "//! why", "/// why"] {
        let text = format!("model fast = openai(x\") {{\n  user: \"{{{{wor{comment}\n\nimport models\n");
        let once = flow_grammar::format(&text);
        assert!(once.contains(comment), "{once}");
        assert_eq!(once, flow_grammar::format(&once));
    }
}
