//! Reading JSON, with an error that names the field.

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::Problem;

/// Reads a body, which must be an object: serde would take a list for one.
///
/// # Errors
/// `malformed_json`, `unknown_field`, `missing_field` or `invalid_field`.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(body).map_err(|error| problem(".", &error))?;
    if !value.is_object() {
        return Err(Problem::field("invalid_field", "body", "must be a JSON object"));
    }
    from_value(value)
}

/// Reads a value that is JSON already.
///
/// # Errors
/// As [`read`].
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| problem(&error.path().to_string(), error.inner()))
}

fn problem(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if matches!(error.classify(), Category::Syntax | Category::Eof) {
        return Problem::new(StatusCode::BAD_REQUEST, "malformed_json", "the body is not JSON");
    }
    if let Some(name) = quoted_after(&text, "unknown field `") {
        return Problem::field("unknown_field", within(path, name), "there is no such field");
    }
    if let Some(name) = quoted_after(&text, "missing field `") {
        return Problem::field("missing_field", within(path, name), "the field is missing");
    }
    Problem::field("invalid_field", path, expectation(&text))
}

fn quoted_after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.split('`').next()
}

/// The path serde gives ends at the struct for a missing field, and at the field for an unknown one.
fn within(path: &str, name: &str) -> String {
    if path == "." || path == name || path.ends_with(&format!(".{name}")) {
        return if path == "." { name.to_owned() } else { path.to_owned() };
    }
    format!("{path}.{name}")
}

/// What serde expected, without the value it found: that may be a secret.
fn expectation(text: &str) -> String {
    let expected = text.split("expected ").nth(1).and_then(|rest| rest.split(" at line").next());
    expected.map_or_else(|| "has a value that cannot be".to_owned(), |expected| format!("must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading is looked at")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading is looked at")]
    struct Inner {
        size: i64,
    }

    fn refused(body: &str) -> (&'static str, Option<String>) {
        let problem = read::<Outer>(body.as_bytes()).unwrap_err();
        (problem.code, problem.field)
    }

    #[test]
    fn errors_name_the_field() {
        assert_eq!(refused("{"), ("malformed_json", None));
        assert_eq!(refused("[1"), ("malformed_json", None));
        assert_eq!(refused("{} x"), ("malformed_json", None));
        assert_eq!(refused("{}"), ("missing_field", Some("name".into())));
        assert_eq!(refused(r#"["a"]"#), ("invalid_field", Some("body".into())));
        assert_eq!(refused(r#"{"name":"a"} x"#), ("malformed_json", None));
        assert_eq!(refused(r#"{"name":"a","nick":1}"#), ("unknown_field", Some("nick".into())));
        assert_eq!(refused(r#"{"name":1}"#), ("invalid_field", Some("name".into())));
        assert_eq!(refused(r#"{"name":"a","inner":{"size":"x"}}"#), ("invalid_field", Some("inner.size".into())));
        assert_eq!(refused(r#"{"name":"a","inner":{}}"#), ("missing_field", Some("inner.size".into())));
        assert_eq!(refused(r#"{"name":"a","inner":{"size":1,"x":1}}"#), ("unknown_field", Some("inner.x".into())));
        assert_eq!(refused("7"), ("invalid_field", Some("body".into())));
    }

    #[test]
    fn a_value_is_never_repeated() {
        let problem = read::<Outer>(br#"{"name":["secret"]}"#).unwrap_err();
        assert!(!problem.detail.contains("secret"));
    }
}
