use std::fmt::Write as _;
use std::time::Duration;

use http::Method;
use serde::Serialize;

/// One request to be made, below `/apps/{app}`.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Already encoded, with a leading slash.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'a str, String)>,
    pub(crate) body: Option<Vec<u8>>,
    /// What the body holds in confidence.
    pub(crate) secrets: Vec<&'a str>,
    pub(crate) timeout: Option<Duration>,
}

impl<'a> Call<'a> {
    /// A call of `/<segment>/<segment>…`.
    pub(crate) fn new(method: Method, segments: &[&str]) -> Self {
        let path = segments.iter().flat_map(|segment| ["/".to_owned(), encode(segment)]).collect();
        Self { method, path, query: Vec::new(), body: None, secrets: Vec::new(), timeout: None }
    }

    pub(crate) fn query(mut self, name: &'a str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).expect("bodies are plain structs with string keys"));
        self
    }

    pub(crate) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Path and query, to be put behind the base and the app.
    pub(crate) fn target(&self) -> String {
        let mut target = self.path.clone();
        for (index, (name, value)) in self.query.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            write!(target, "{separator}{}={}", encode(name), encode(value)).expect("a String takes everything");
        }
        target
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986, so that an id can never change the path.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_can_change_the_path() {
        let call = Call::new(Method::GET, &["machines", "../a?b#c/ö"])
            .query("state", Some("a&b=c"))
            .query("region", None::<&str>)
            .query("force", Some(true));
        assert_eq!(call.target(), "/machines/..%2Fa%3Fb%23c%2F%C3%B6?state=a%26b%3Dc&force=true");
    }
}
