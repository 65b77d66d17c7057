use flow_eval::Value;
use flow_ir::flow::{Flow, Slot};
use flow_ir::types::{Field, Labels, Record, Type};
use flow_ir::units::Limits;
use flow_ir::{Bundle, TypeId};

use super::arguments;

const TEXT: TypeId = TypeId(0);
const INT: TypeId = TypeId(1);
const MAIL: TypeId = TypeId(2);
const MAYBE: TypeId = TypeId(3);

fn field(name: &str, ty: TypeId) -> Field {
    Field { name: name.into(), wire: name.into(), doc: "".into(), ty, labels: Labels::default() }
}

fn bundle() -> Bundle {
    let mail =
        Record { name: "Mail".into(), doc: "".into(), fields: vec![field("body", TEXT), field("n", INT)] };
    Bundle {
        types: vec![
            Type::Text { size: None },
            Type::Int { min: None, max: Some(9) },
            Type::Record(mail),
            Type::Optional { item: INT },
        ],
        ..Bundle::default()
    }
}

fn flow(params: Vec<Field>) -> Flow {
    Flow {
        name: "handle".into(),
        doc: "".into(),
        public: true,
        slots: params
            .iter()
            .map(|param| Slot { name: param.name.clone(), ty: param.ty, labels: param.labels })
            .collect(),
        params,
        ret: TEXT,
        limits: Limits::default(),
        counters: Vec::new(),
        entry: Vec::new(),
        nodes: Vec::new(),
    }
}

fn mail() -> Value {
    Value::record([Value::text("hi"), Value::Int(3)])
}

#[test]
fn one_parameter_is_given_by_name_or_as_it_is() {
    let (bundle, flow) = (bundle(), flow(vec![field("mail", MAIL)]));
    for input in [r#"{"mail": {"body": "hi", "n": 3}}"#, r#"{"body": "hi", "n": 3}"#] {
        assert_eq!(arguments(&bundle, &flow, Some(input), &[]).unwrap(), [mail()], "{input}");
    }
}

#[test]
fn arguments_are_json_or_text_by_type() {
    let (bundle, flow) = (bundle(), flow(vec![field("name", TEXT), field("n", INT), field("maybe", MAYBE)]));
    let pairs = ["name=12".to_owned(), "n=4".to_owned()];
    let wanted = [Value::text("12"), Value::Int(4), Value::None];
    assert_eq!(arguments(&bundle, &flow, None, &pairs).unwrap(), wanted);
    let input = r#"{"name": "x", "n": 1, "maybe": 2}"#;
    let wanted = [Value::text("12"), Value::Int(1), Value::Int(2)];
    assert_eq!(arguments(&bundle, &flow, Some(input), &["name=12".to_owned()]).unwrap(), wanted);
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let (bundle, one) = (bundle(), flow(vec![field("mail", MAIL)]));
    let two = flow(vec![field("name", TEXT), field("n", INT)]);
    let check = |flow: &Flow, input: &str, words: &[&str]| {
        let stop = arguments(&bundle, flow, Some(input), &[]).unwrap_err();
        let text = format!("{} | {}", stop.message, stop.help.join(" | "));
        for word in words {
            assert!(text.contains(word), "`{word}` in {text}");
        }
    };
    check(&one, "{", &["the input is not JSON", "line 1"]);
    check(&one, r#"{"mail": {"body": 5, "n": 1}}"#, &["at `mail.body`"]);
    check(&one, r#"{"body": "x", "n": 10}"#, &["at `mail.n`"]);
    check(&two, r#"{"name": "x"}"#, &["needs `n`: int in ..9", "for example --input '{\"name\""]);
    check(&two, r#"{"nam": "x", "n": 1}"#, &["takes no `nam`", "did you mean `name`?"]);
    check(&two, "[1]", &["must be a JSON object"]);
    assert!(arguments(&bundle, &two, None, &["oops".to_owned()]).is_err());
}
