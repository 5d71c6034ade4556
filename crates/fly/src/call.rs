use std::fmt::Write as _;
use std::time::Duration;

use http::Method;
use serde::Serialize;

/// One request to be made, below an app or an organization.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Already encoded, with a leading slash.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'a str, String)>,
    pub(crate) body: Option<Vec<u8>>,
    /// What the body holds in confidence.
    pub(crate) secrets: Vec<&'a str>,
    pub(crate) timeout: Option<Duration>,
    /// One header more; its value is a secret.
    pub(crate) header: Option<(&'static str, &'a str)>,
    /// Whether making it twice is as good as making it once, so that an unknown outcome may be settled by making it again.
    pub(crate) repeatable: bool,
    /// Whether Fly allows it more often than most calls.
    pub(crate) often: bool,
}

impl<'a> Call<'a> {
    /// A call of `/<segment>/<segment>…`.
    pub(crate) fn new(method: Method, segments: &[&str]) -> Self {
        let path = segments.iter().flat_map(|segment| ["/".to_owned(), encode(segment)]).collect();
        let repeatable = method != Method::POST;
        let (query, secrets) = (Vec::new(), Vec::new());
        Self { method, path, query, body: None, secrets, timeout: None, header: None, repeatable, often: false }
    }

    /// A POST that may be made again after an unknown outcome; or a call that may not.
    pub(crate) fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// A call that Fly allows more often than most.
    pub(crate) fn often(mut self) -> Self {
        self.often = true;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: Option<&'a str>) -> Self {
        self.header = value.map(|value| (name, value));
        self
    }

    pub(crate) fn changes_a_machine(&self) -> bool {
        self.method != Method::GET && self.path.starts_with("/machines/")
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
