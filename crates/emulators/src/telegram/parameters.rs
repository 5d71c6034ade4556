//! Parameters of a call, whichever way they came: query, JSON, form or multipart.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::UPLOAD_MAX;
use super::answer::Refusal;

/// A file in a multipart body.
pub(crate) struct Upload {
    pub(crate) file_name: String,
    pub(crate) bytes: Vec<u8>,
}

/// The parameters of one call.
#[derive(Default)]
pub(crate) struct Parameters {
    pub(crate) fields: Map<String, Value>,
    pub(crate) uploads: BTreeMap<String, Upload>,
}

impl Parameters {
    pub(crate) fn of_fields(fields: Map<String, Value>) -> Parameters {
        Parameters { fields, uploads: BTreeMap::new() }
    }

    pub(crate) async fn of_request(request: Request) -> Result<Parameters, Refusal> {
        let mut parameters = Parameters::default();
        parameters.add_urlencoded(request.uri().query().unwrap_or("").as_bytes());
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_ascii_lowercase();
        if content_type.starts_with("multipart/form-data") {
            parameters.add_multipart(request).await?;
            return Ok(parameters);
        }
        let body = to_bytes(request.into_body(), UPLOAD_MAX).await.map_err(|_| Refusal::new(413, "Request Entity Too Large"))?;
        if content_type.starts_with("application/json") {
            parameters.add_json(&body)?;
        } else {
            parameters.add_urlencoded(&body);
        }
        Ok(parameters)
    }

    fn add_urlencoded(&mut self, text: &[u8]) {
        for (name, value) in form_urlencoded::parse(text) {
            self.fields.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    fn add_json(&mut self, body: &[u8]) -> Result<(), Refusal> {
        if body.is_empty() {
            return Ok(());
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Err(Refusal::bad_request("can't parse JSON object"));
        };
        self.fields.extend(fields);
        Ok(())
    }

    async fn add_multipart(&mut self, request: Request) -> Result<(), Refusal> {
        let malformed = |_| Refusal::bad_request("can't parse multipart body");
        let mut parts =
            Multipart::from_request(request, &()).await.map_err(|_| Refusal::bad_request("can't parse multipart body"))?;
        while let Some(part) = parts.next_field().await.map_err(malformed)? {
            let name = part.name().unwrap_or("").to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let bytes = part.bytes().await.map_err(malformed)?.to_vec();
            if let Some(file_name) = file_name {
                self.uploads.insert(name, Upload { file_name, bytes });
                continue;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.fields.insert(name, Value::String(text));
        }
        Ok(())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn boolean(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| matches!(text.to_lowercase().as_str(), "true" | "1" | "yes"))
    }

    /// A list of strings, given as a JSON array or as the text of one.
    pub(crate) fn strings(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let value = match self.fields.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
            Some(value) => value.clone(),
        };
        serde_json::from_value(value).map(Some).map_err(|_| Refusal::bad_request(format!("can't parse {name} JSON object")))
    }
}
