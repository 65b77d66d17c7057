//! Types and expressions for the tests of this crate.

use flow_ir::expr::{Builtin, Const, Expr, ExprKind, Lambda};
use flow_ir::setup::Function;
use flow_ir::types::{Enum, Field, Labels, ListSize, Record, TextSize, Type, Variant};
use flow_ir::units::Currency;
use flow_ir::{Bundle, LocalId, SlotId, TypeId};

use crate::{Context, Value, eval};

/// The types that every test may use, by name.
pub(crate) struct Types {
    pub(crate) bundle: Bundle,
    pub(crate) int: TypeId,
    pub(crate) float: TypeId,
    pub(crate) bool: TypeId,
    pub(crate) text: TypeId,
    pub(crate) money: TypeId,
    pub(crate) duration: TypeId,
    pub(crate) date: TypeId,
    pub(crate) json: TypeId,
    pub(crate) ints: TypeId,
    pub(crate) texts: TypeId,
    pub(crate) urgency: TypeId,
    pub(crate) short: TypeId,
    pub(crate) voice: TypeId,
    pub(crate) intent: TypeId,
    pub(crate) act: TypeId,
    pub(crate) mail: TypeId,
    pub(crate) mails: TypeId,
    pub(crate) partial: TypeId,
    pub(crate) weights: TypeId,
    pub(crate) image: TypeId,
}

pub(crate) fn field(name: &str, ty: TypeId) -> Field {
    Field { name: name.into(), wire: name.into(), doc: "".into(), ty, labels: Labels::default() }
}

fn variant(name: &str, doc: &str, fields: Vec<Field>) -> Variant {
    Variant { name: name.into(), wire: name.into(), doc: doc.into(), fields }
}

fn an_enum(name: &str, tag: Option<&str>, variants: Vec<Variant>) -> Type {
    Type::Enum(Enum { name: name.into(), doc: "".into(), tag: tag.map(Into::into), variants })
}

impl Types {
    pub(crate) fn new() -> Self {
        let mut bundle = Bundle::default();
        let mut add = |ty: Type| {
            bundle.types.push(ty);
            TypeId(bundle.types.len() as u32 - 1)
        };
        let any = ListSize::default();
        let int = add(Type::Int { min: None, max: None });
        let float = add(Type::Float { min: None, max: None });
        let bool = add(Type::Bool);
        let text = add(Type::Text { size: None });
        let money = add(Type::Money { currency: None, min: None, max: None });
        let duration = add(Type::Duration { min: None, max: None });
        let date = add(Type::Date);
        let json = add(Type::Json);
        let ints = add(Type::List { item: int, size: any });
        let texts = add(Type::List { item: text, size: any });
        let urgency = add(Type::Int { min: Some(1), max: Some(5) });
        let short = add(Type::Text { size: Some(TextSize { in_tokens: false, min: 1, max: Some(40) }) });
        let maybe_text = add(Type::Optional { item: text });
        let voice = an_enum(
            "Voice",
            None,
            vec![variant("Calm", "Short sentences.", vec![]), variant("Warm", "", vec![])],
        );
        let voice = add(voice);
        let price = add(Type::Money { currency: Some(Currency::Eur), min: Some(0), max: None });
        let offer = vec![field("amount", price), field("note", maybe_text)];
        let intent = add(an_enum(
            "Intent",
            None,
            vec![variant("Spam", "", vec![]), variant("Offer", "A bid.", offer)],
        ));
        let move_to = vec![field("x", int)];
        let act = add(an_enum(
            "Act",
            Some("kind"),
            vec![variant("Stay", "", vec![]), variant("Move", "", move_to)],
        ));
        let mut fields = vec![field("subject", short), field("urgency", urgency), field("intent", intent)];
        fields.push(Field {
            wire: "replyTo".into(),
            doc: "Who to answer.".into(),
            ..field("reply_to", maybe_text)
        });
        let mail = add(Type::Record(Record { name: "Mail".into(), doc: "One e-mail.".into(), fields }));
        let mails = add(Type::List { item: mail, size: ListSize { min: 0, max: Some(3), max_tokens: None } });
        let partial = add(Type::Partial { record: mail });
        let weights = add(Type::Map { item: float, size: any });
        let image = add(Type::Image);
        let body = Expr { ty: int, kind: ExprKind::Slot(SlotId(0)) };
        bundle.functions.push(Function {
            name: "same".into(),
            params: vec![field("x", int)],
            ret: int,
            body,
        });
        Self {
            bundle,
            int,
            float,
            bool,
            text,
            money,
            duration,
            date,
            json,
            ints,
            texts,
            urgency,
            short,
            voice,
            intent,
            act,
            mail,
            mails,
            partial,
            weights,
            image,
        }
    }

    /// The value of an expression without slots, or the message.
    pub(crate) fn run(&self, expr: &Expr) -> Result<Value, String> {
        self.run_with(expr, &[])
    }

    pub(crate) fn run_with(&self, expr: &Expr, slots: &[Option<Value>]) -> Result<Value, String> {
        eval(expr, &Context::new(&self.bundle, slots)).map_err(|why| why.message.into())
    }
}

pub(crate) fn int(n: i64) -> Value {
    Value::Int(n)
}

pub(crate) fn eur(micros: i64) -> Value {
    Value::Money(micros, Currency::Eur)
}

pub(crate) fn texts(all: &[&str]) -> Value {
    Value::list(all.iter().map(|text| Value::text(*text)))
}

pub(crate) fn ints(all: &[i64]) -> Value {
    Value::list(all.iter().map(|n| Value::Int(*n)))
}

pub(crate) fn slot(ty: TypeId, at: u32) -> Expr {
    Expr { ty, kind: ExprKind::Slot(SlotId(at)) }
}

pub(crate) fn local(ty: TypeId, at: u32) -> Expr {
    Expr { ty, kind: ExprKind::Local(LocalId(at)) }
}

pub(crate) fn literal(ty: TypeId, value: Const) -> Expr {
    Expr { ty, kind: ExprKind::Const(value) }
}

pub(crate) fn builtin(ty: TypeId, op: Builtin, args: Vec<Expr>, lambda: Option<Lambda>) -> Expr {
    Expr { ty, kind: ExprKind::Builtin { op, args, lambda: lambda.map(Box::new) } }
}
