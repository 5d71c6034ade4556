//! Checks of answers against the published shapes.

use std::fs;

use serde_json::Value;

fn data(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).expect("the file exists")).expect("the file is JSON")
}

/// Panics unless `value` is a `name` of the Bot API: every required field, no unknown one, right types.
pub(crate) fn assert_telegram(name: &str, value: &Value) {
    check_telegram(&data("telegram-types.json")["types"], name, value, name);
}

fn check_telegram(types: &Value, name: &str, value: &Value, at: &str) {
    let fields = match name {
        "Integer" => return assert!(value.is_i64(), "{at}: {value} is no Integer"),
        "String" => return assert!(value.is_string(), "{at}: {value} is no String"),
        "Boolean" | "True" => return assert!(value.is_boolean(), "{at}: {value} is no Boolean"),
        _ => &types[name],
    };
    if let Some(inner) = name.strip_prefix("Array of ") {
        let items = value.as_array().unwrap_or_else(|| panic!("{at}: {value} is no array"));
        return items.iter().for_each(|item| check_telegram(types, inner, item, at));
    }
    // A type that the trimmed file leaves out.
    let Some(fields) = fields.as_object() else { return };
    let object = value.as_object().unwrap_or_else(|| panic!("{at}: {value} is no {name}"));
    for (field, definition) in fields {
        if definition["required"] == true {
            assert!(object.contains_key(field), "{at}.{field} is missing in {value}");
        }
    }
    for (field, value) in object {
        let definition = fields.get(field).unwrap_or_else(|| panic!("{at}.{field} is unknown"));
        let kind = definition["types"][0].as_str().expect("a type");
        check_telegram(types, kind, value, &format!("{at}.{field}"));
    }
}

/// Panics unless `value` fits the schema `name` of the Machines API, without unknown fields.
pub(crate) fn assert_fly(name: &str, value: &Value) {
    let schemas = data("fly-schemas.json");
    check_fly(&schemas, &schemas[name], value, name);
}

fn check_fly(schemas: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().expect("a name");
        return check_fly(schemas, &schemas[name], value, at);
    }
    if value.is_null() {
        return;
    }
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{at}: {value} is not one of {allowed:?}");
    }
    match schema["type"].as_str() {
        Some("string") => assert!(value.is_string(), "{at}: {value} is no string"),
        Some("integer") => assert!(value.is_i64() || value.is_u64(), "{at}: {value} is no integer"),
        Some("boolean") => assert!(value.is_boolean(), "{at}: {value} is no boolean"),
        Some("array") => {
            let items = value.as_array().unwrap_or_else(|| panic!("{at}: {value} is no array"));
            items.iter().for_each(|item| check_fly(schemas, &schema["items"], item, at));
        }
        Some("object") => check_object(schemas, schema, value, at),
        _ => {}
    }
}

fn check_object(schemas: &Value, schema: &Value, value: &Value, at: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{at}: {value} is no object"));
    let Some(properties) = schema["properties"].as_object() else { return };
    for (field, value) in object {
        let property = properties.get(field).unwrap_or_else(|| panic!("{at}.{field} is unknown"));
        check_fly(schemas, property, value, &format!("{at}.{field}"));
    }
}
