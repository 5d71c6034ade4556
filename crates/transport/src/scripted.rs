//! A transport for tests: it answers from a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::{Transport, TransportError};

type Request = http::Request<Vec<u8>>;
type Answer = Result<http::Response<Vec<u8>>, TransportError>;

/// Which request a line of the script answers.
pub struct Matcher(Box<dyn Fn(&Request) -> bool + Send>);

impl Matcher {
    /// Any request.
    #[must_use]
    pub fn any() -> Self {
        Self::when(|_| true)
    }

    /// A request with this method whose path, without its query, ends in `path_end`.
    #[must_use]
    pub fn on(method: http::Method, path_end: &str) -> Self {
        let path_end = path_end.to_owned();
        Self::when(move |request| *request.method() == method && request.uri().path().ends_with(&path_end))
    }

    /// A request for which `condition` holds.
    #[must_use]
    pub fn when(condition: impl Fn(&Request) -> bool + Send + 'static) -> Self {
        Self(Box::new(condition))
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<(Matcher, Answer)>,
    requests: Vec<Request>,
}

/// Answers each request with the first unused line of its script that matches. Clones share script and record, so a
/// test keeps one and gives the other away.
#[derive(Clone, Default)]
pub struct ScriptedTransport(Arc<Mutex<State>>);

impl ScriptedTransport {
    /// An empty script: every request is refused by a panic until lines are added.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line: the next request that `matcher` accepts gets this status and body.
    #[must_use]
    pub fn answer(self, matcher: Matcher, status: u16, body: impl Into<Vec<u8>>) -> Self {
        let mut response = http::Response::new(body.into());
        *response.status_mut() = http::StatusCode::from_u16(status).expect("a script names a valid status");
        self.respond(matcher, response)
    }

    /// Adds a line with a whole response, for tests of response headers.
    #[must_use]
    pub fn respond(self, matcher: Matcher, response: http::Response<Vec<u8>>) -> Self {
        self.line(matcher, Ok(response))
    }

    /// Adds a line: the next request that `matcher` accepts fails like this.
    #[must_use]
    pub fn fail(self, matcher: Matcher, error: TransportError) -> Self {
        self.line(matcher, Err(error))
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// How many lines of the script nobody has asked for yet.
    #[must_use]
    pub fn unused(&self) -> usize {
        self.state().script.len()
    }

    fn line(self, matcher: Matcher, answer: Answer) -> Self {
        self.state().script.push_back((matcher, answer));
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the script")
    }
}

impl Transport for ScriptedTransport {
    /// # Panics
    /// When no unused line matches: the code under test sent something that the test did not foresee.
    async fn send(&self, request: Request) -> Answer {
        let mut state = self.state();
        state.requests.push(request.clone());
        let found = state.script.iter().position(|(matcher, _)| (matcher.0)(&request));
        let line = found.and_then(|index| state.script.remove(index));
        drop(state);
        match line {
            Some((_, answer)) => answer,
            None => panic!("no line of the script answers this {}", request.method()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use http::Method;

    fn get(uri: &str) -> Request {
        http::Request::get(uri).body(Vec::new()).expect("a test writes valid URIs")
    }

    #[test]
    fn lines_are_used_once_and_in_order_of_the_first_match() {
        let transport = ScriptedTransport::new()
            .answer(Matcher::on(Method::GET, "/b"), 404, "gone")
            .answer(Matcher::any(), 200, "first")
            .fail(Matcher::any(), TransportError::Timeout);

        let first = block_on(transport.send(get("http://example.test/a?b=1"))).expect("scripted");
        assert_eq!(first.body(), b"first");
        let second = block_on(transport.send(get("http://example.test/b?c=2"))).expect("scripted");
        assert_eq!(second.status(), 404);
        let third = block_on(transport.send(get("http://example.test/c")));
        assert_eq!(third.err(), Some(TransportError::Timeout));

        assert_eq!(transport.unused(), 0);
        assert_eq!(transport.requests().len(), 3);
    }

    #[test]
    #[should_panic(expected = "no line of the script")]
    fn an_unforeseen_request_fails_the_test() {
        let _ = block_on(ScriptedTransport::new().send(get("http://example.test/")));
    }
}
