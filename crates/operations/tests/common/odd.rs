//! Values that nobody expects, and JSON that has some of them in it.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "..",
    "/",
    "%00",
    "\u{202e}gnp",
    "'; DROP TABLE events; --",
    "/start",
    "/start \u{1f99e}",
    "-1",
    "1e99",
    "9223372036854775808",
    "2026-02-30T25:61:00Z",
    "rule:not_the_next_version",
];

/// What may stand where something else is expected.
pub(crate) fn odd() -> impl Strategy<Value = Value> {
    let numbers = [json!(0), json!(-1), json!(i64::MAX), json!(i64::MIN), json!(u64::MAX), json!(1e308), json!(-0.5)];
    prop_oneof![
        4 => select(TEXTS).prop_map(Value::from),
        4 => select(numbers.to_vec()),
        2 => select(vec![json!(null), json!(true), json!([]), json!({}), json!([null]), json!({"$integer": "AA=="})]),
        2 => any::<String>().prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        1 => (1_usize..100_000).prop_map(|length| "x".repeat(length).into()),
        1 => (1_usize..200).prop_map(|depth| (0..depth).fold(json!(1), |inner, _| json!([inner]))),
    ]
}

/// A change of some JSON.
#[derive(Debug, Clone)]
pub(crate) struct Twist {
    place: usize,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// Something else stands there.
    Put(Value),
    /// It stands in a list.
    Wrap,
    /// Of what it holds, the first goes.
    Lose,
}

/// Any change at any place.
pub(crate) fn twist() -> impl Strategy<Value = Twist> {
    let kind = prop_oneof![4 => odd().prop_map(Kind::Put), 1 => Just(Kind::Wrap), 2 => Just(Kind::Lose)];
    (any::<usize>(), kind).prop_map(|(place, kind)| Twist { place, kind })
}

impl Twist {
    /// The changed JSON.
    pub(crate) fn of(&self, mut value: Value) -> Value {
        let mut left = self.place % count(&value);
        self.apply(&mut value, &mut left);
        value
    }

    /// Whether it was done in here, or behind `left` more places.
    fn apply(&self, value: &mut Value, left: &mut usize) -> bool {
        if *left == 0 {
            self.change(value);
            return true;
        }
        *left -= 1;
        match value {
            Value::Array(list) => list.iter_mut().any(|inner| self.apply(inner, left)),
            Value::Object(fields) => fields.values_mut().any(|inner| self.apply(inner, left)),
            _ => false,
        }
    }

    fn change(&self, value: &mut Value) {
        match (&self.kind, value) {
            (Kind::Put(other), value) => *value = other.clone(),
            (Kind::Wrap, value) => *value = json!([value.take()]),
            (Kind::Lose, Value::Object(fields)) => {
                let first = fields.keys().next().cloned();
                first.map(|first| fields.remove(&first));
            }
            (Kind::Lose, Value::Array(list)) => drop(list.pop()),
            (Kind::Lose, value) => *value = Value::Null,
        }
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}
