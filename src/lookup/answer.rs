//! What a service answered: the fields that the flow wants, if they are what the flow says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::{
    action::{FieldKind, LookUp},
    event::Failure,
};

/// The longest field, in bytes: it is going to be spoken or shown on a card.
const FIELD_LIMIT: usize = 1_000;

/// The wanted fields as text. A field that is null is left out where it may be; one that is not there at all, or of another kind than the flow says, means
/// that the service is not what the flow thinks.
pub(super) fn take(answer: &Value, request: &LookUp) -> Result<BTreeMap<String, String>, Failure> {
    let mut fields = BTreeMap::new();
    for (name, path) in &request.take {
        let rule = request.rules.answer.get(name);
        let value = match find(answer, path) {
            Some(value) => value,
            None if rule.is_some_and(|rule| rule.optional) => &Value::Null,
            None => return bad(request, name, "is not in the answer"),
        };
        if value.is_null() && rule.is_some_and(|rule| !rule.optional) {
            return bad(request, name, "is null");
        }
        let Some(text) = text(value) else { return bad(request, name, "is not a text, number or flag, or is too long") };
        if let (Some(text), Some(rule)) = (&text, rule)
            && !is_of(value, text, rule.kind)
        {
            return bad(request, name, "is not of the kind that the flow says");
        }
        fields.extend(text.map(|text| (name.clone(), text)));
    }
    Ok(fields)
}

/// Who runs the service must know; what it answered is nobody's business.
fn bad<T>(request: &LookUp, field: &str, what: &str) -> Result<T, Failure> {
    tracing::warn!(look_up = request.name, field, path = request.take.get(field), "the answer does not fit the flow: the field {what}");
    Err(Failure::BadAnswer)
}

fn is_of(value: &Value, text: &str, kind: FieldKind) -> bool {
    match kind {
        FieldKind::Text => value.is_string(),
        FieldKind::Number => value.is_number(),
        FieldKind::Whole => value.is_i64() || value.is_u64(),
        FieldKind::Flag => value.is_boolean(),
        FieldKind::Date => value.is_string() && text.get(..10).is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok()),
    }
}

/// Follows a path of keys and list positions ("order.parcels.0.carrier").
fn find<'a>(answer: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(answer, |value, key| match value {
        Value::Object(object) => object.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// A single value at this path as text; none if there is none, or it is something else.
pub(super) fn single(answer: &Value, path: &str) -> Option<String> {
    text(find(answer, path)?)?
}

/// A value as text, nothing for null; none if it is no single value or too long.
fn text(value: &Value) -> Option<Option<String>> {
    let text = match value {
        Value::Null => return Some(None),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => return None,
    };
    (text.len() <= FIELD_LIMIT).then_some(Some(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::take;
    use crate::call::{
        action::{FieldRule, LookUp, LookUpRules, Method},
        event::Failure,
    };

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect()
    }

    fn wanted(paths: &[(&str, &str)], kinds: &[(&str, &str)]) -> LookUp {
        let answer = kinds.iter().map(|(name, kind)| ((*name).to_owned(), FieldRule::parse(kind).unwrap())).collect();
        LookUp {
            name: "order".to_owned(),
            method: Method::Get,
            url: String::new(),
            body: BTreeMap::new(),
            take: pairs(paths),
            timeout_ms: 1,
            private: false,
            rules: LookUpRules { answer, ..LookUpRules::default() },
        }
    }

    #[test]
    fn fields_are_found_by_their_paths_and_become_text() {
        let answer = json!({"order": {"status": "shipped", "parcels": [{"carrier": "Fan"}], "count": 2, "paid": true, "note": null}});
        let paths = [
            ("status", "order.status"),
            ("carrier", "order.parcels.0.carrier"),
            ("n", "order.count"),
            ("p", "order.paid"),
            ("x", "order.note"),
        ];
        let fields = take(&answer, &wanted(&paths, &[])).unwrap();
        assert_eq!(fields, pairs(&[("status", "shipped"), ("carrier", "Fan"), ("n", "2"), ("p", "true")]));
    }

    #[test]
    fn an_answer_without_the_wanted_field_is_a_bad_answer() {
        let answer = json!({"order": {"parcels": []}});
        for path in ["order.status", "order.parcels.0", "order.parcels", "order.parcels.x", "", "order..status"] {
            assert_eq!(take(&answer, &wanted(&[("field", path)], &[])), Err(Failure::BadAnswer), "{path}");
        }
        assert_eq!(take(&json!({"a": "x".repeat(1_001)}), &wanted(&[("field", "a")], &[])), Err(Failure::BadAnswer));
    }

    #[test]
    fn a_field_of_another_kind_than_the_flow_says_is_a_bad_answer() {
        let good = [
            ("text", json!("x")),
            ("number", json!(1.5)),
            ("whole", json!(2)),
            ("flag", json!(false)),
            ("date", json!("2026-11-27")),
            ("date", json!("2026-11-27T10:00:00Z")),
            ("date?", Value::Null),
        ];
        for (kind, value) in good {
            assert!(take(&json!({"a": value}), &wanted(&[("a", "a")], &[("a", kind)])).is_ok(), "{kind} {value}");
        }
        let bad = [
            ("text", json!(1)),
            ("number", json!("1")),
            ("whole", json!(1.5)),
            ("flag", json!("true")),
            ("date", json!("Friday")),
            ("date?", json!(3)),
            ("text", Value::Null),
        ];
        for (kind, value) in bad {
            let answer = json!({"a": value});
            assert_eq!(take(&answer, &wanted(&[("a", "a")], &[("a", kind)])), Err(Failure::BadAnswer), "{kind} {value}");
        }
        assert_eq!(take(&json!({}), &wanted(&[("a", "a")], &[("a", "text?")])), Ok(BTreeMap::new()));
    }
}
