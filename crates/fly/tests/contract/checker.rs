//! Checks one request against an OpenAPI document: path, method, query and body. It knows as much of OpenAPI as the
//! Machines API uses, and takes what it does not know for an error.

use http::Request;
use serde_json::Value;

/// The one parameter that we send and the schema does not list.
const METADATA_FILTER: &str = "metadata.";

pub(crate) fn check(request: &Request<Vec<u8>>) {
    let document: Value = serde_json::from_str(include_str!("machines-openapi.json")).expect("the schema is JSON");
    let checker = Checker { document };
    let path = request.uri().path().strip_prefix("/v1").expect("the base ends in /v1");
    let operation = checker.operation(path, &request.method().as_str().to_lowercase());
    checker.check_query(operation, request.uri().query().unwrap_or_default());
    checker.check_body(operation, request.body());
}

struct Checker {
    document: Value,
}

impl Checker {
    fn operation(&self, path: &str, method: &str) -> &Value {
        let paths = self.document["paths"].as_object().expect("the schema lists paths");
        let (_, item) =
            paths.iter().find(|(template, _)| path_fits(template, path)).unwrap_or_else(|| panic!("the API has no path {path}"));
        item.get(method).unwrap_or_else(|| panic!("{path} has no {method}"))
    }

    fn check_query(&self, operation: &Value, query: &str) {
        let parameters = operation["parameters"].as_array().expect("every operation has parameters");
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if name.starts_with(METADATA_FILTER) {
                continue;
            }
            let parameter = parameters
                .iter()
                .find(|parameter| parameter["in"] == "query" && parameter["name"] == name)
                .unwrap_or_else(|| panic!("unknown query parameter {name}"));
            let schema = &parameter["schema"];
            let value = match schema["type"].as_str() {
                Some("string") => Value::from(value),
                _ => serde_json::from_str(value).unwrap_or_else(|_| panic!("{name}={value} is no {schema}")),
            };
            self.check_value(&value, schema, name);
        }
    }

    fn check_body(&self, operation: &Value, body: &[u8]) {
        let Some(request_body) = operation.get("requestBody") else {
            assert!(body.is_empty(), "this operation takes no body");
            return;
        };
        if body.is_empty() {
            assert!(request_body["required"] != true, "this operation needs a body");
            return;
        }
        let body: Value = serde_json::from_slice(body).expect("the body is JSON");
        self.check_value(&body, &request_body["content"]["application/json"]["schema"], "body");
    }

    fn check_value(&self, value: &Value, schema: &Value, at: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            let schema = self.document.pointer(pointer).unwrap_or_else(|| panic!("no {reference}"));
            return self.check_value(value, schema, at);
        }
        if let Some([only]) = schema["allOf"].as_array().map(Vec::as_slice) {
            return self.check_value(value, only, at);
        }
        if let Some(allowed) = schema["enum"].as_array() {
            assert!(allowed.contains(value), "{at}: {value} is none of {allowed:?}");
        }
        match schema["type"].as_str() {
            Some("object") => self.check_object(value, schema, at),
            Some("array") => {
                let items = value.as_array().unwrap_or_else(|| panic!("{at}: {value} is no array"));
                items.iter().for_each(|item| self.check_value(item, &schema["items"], at));
            }
            Some("string") => assert!(value.is_string(), "{at}: {value} is no string"),
            Some("integer") => assert!(value.is_i64(), "{at}: {value} is no integer"),
            Some("boolean") => assert!(value.is_boolean(), "{at}: {value} is no boolean"),
            other => panic!("{at}: the checker does not know {other:?}"),
        }
    }

    fn check_object(&self, value: &Value, schema: &Value, at: &str) {
        let object = value.as_object().unwrap_or_else(|| panic!("{at}: {value} is no object"));
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(object.contains_key(name), "{at}.{name} is missing");
        }
        for (name, value) in object {
            let at = format!("{at}.{name}");
            let property = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
            let property = property.unwrap_or_else(|| panic!("{at} is not in the schema"));
            self.check_value(value, property, &at);
        }
    }
}

fn path_fits(template: &str, path: &str) -> bool {
    let templates: Vec<&str> = template.split('/').collect();
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |(template, segment): (&&str, &&str)| template == segment || (template.starts_with('{') && !segment.is_empty());
    templates.len() == segments.len() && templates.iter().zip(&segments).all(fits)
}

#[test]
#[should_panic(expected = "body.config.gpu is not in the schema")]
fn an_unknown_field_is_noticed() {
    let body = br#"{"config": {"gpu": 1}}"#.to_vec();
    check(&Request::post("https://x.test/v1/apps/a/machines").body(body).expect("a request"));
}

#[test]
#[should_panic(expected = "unknown query parameter forced")]
fn an_unknown_query_parameter_is_noticed() {
    let request = Request::delete("https://x.test/v1/apps/a/machines/m?forced=true").body(Vec::new());
    check(&request.expect("a request"));
}

#[test]
#[should_panic(expected = "is none of")]
fn a_value_outside_its_list_is_noticed() {
    let request = Request::get("https://x.test/v1/apps/a/machines/m/wait?state=gone").body(Vec::new());
    check(&request.expect("a request"));
}
