//! The envelope of a function call and of its answer.

use clawstead_service::{Problem, Reply, json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// A function and its arguments.
pub(crate) struct FunctionCall {
    /// Without the namespace: clients choose that.
    pub(crate) name: String,
    pub(crate) args: Value,
}

#[derive(Deserialize)]
struct Envelope {
    path: String,
    #[serde(default)]
    args: Value,
    format: Option<String>,
}

/// Reads an envelope. `args` may be an object, or a list that holds one.
pub(crate) fn read(kind: &str, body: &[u8]) -> Result<FunctionCall, Problem> {
    if !matches!(kind, "query" | "mutation" | "action") {
        return Err(Problem::new(StatusCode::NOT_FOUND, "route_not_found", "there are query, mutation and action"));
    }
    let Envelope { path, args, format } = json::read(body)?;
    if format.is_some_and(|format| !matches!(format.as_str(), "json" | "convex_encoded_json")) {
        return Err(Problem::field("invalid_field", "format", "must be json"));
    }
    let name = path.split_once(':').map_or(path.as_str(), |(_, name)| name).to_owned();
    let args = match args {
        Value::Null => json!({}),
        Value::Array(list) => only(list)?,
        other => other,
    };
    if !args.is_object() {
        return Err(Problem::field("invalid_field", "args", "must be an object"));
    }
    Ok(FunctionCall { name, args })
}

fn only(list: Vec<Value>) -> Result<Value, Problem> {
    match <[Value; 1]>::try_from(list) {
        Ok([args]) => Ok(args),
        Err(list) if list.is_empty() => Ok(json!({})),
        Err(_) => Err(Problem::field("invalid_field", "args", "must hold one object")),
    }
}

/// `{"$integer": …}` and the like; none of the functions takes them.
pub(crate) fn refuse_encoded(value: &Value, at: &str) -> Result<(), Problem> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            if name.starts_with('$') {
                return Err(Problem::field("invalid_field", at, format!("specially encoded values ({name}) are not taken")));
            }
            refuse_encoded(value, name)
        }),
        Value::Array(list) => list.iter().try_for_each(|value| refuse_encoded(value, at)),
        _ => Ok(()),
    }
}

pub(crate) fn success(value: &Value) -> Reply {
    Reply::ok(&json!({ "status": "success", "value": value, "logLines": [] }))
}

pub(crate) fn refusal(problem: &Problem) -> Reply {
    let field = problem.field.as_deref().map(caller_name);
    let of = field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
    Reply::ok(&json!({
        "status": "error",
        "errorMessage": format!("{}{of}: {}", problem.code, problem.detail),
        "errorData": { "code": problem.code, "field": field },
        "logLines": [],
    }))
}

/// A field as the callers of functions know it: in camel case, and two of a message by another word.
fn caller_name(field: &str) -> String {
    match field {
        "text" => return "messageText".to_owned(),
        "external_id" => return "externalMessageId".to_owned(),
        _ => {}
    }
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        name + &head.to_uppercase() + tail
    })
}
