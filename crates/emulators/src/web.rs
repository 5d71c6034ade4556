//! The emulators' own requests: updates to webhooks, and whatever a worker asks for.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;

/// The longest that a request may take when its sender does not say.
const PATIENCE: Duration = Duration::from_secs(600);

/// A response that is to come, or why there is none.
pub type Sending = Pin<Box<dyn Future<Output = Result<Response<Bytes>, WebError>> + Send>>;

/// What takes requests to where they are for. A simulation passes its own.
pub trait Web: Send + Sync + 'static {
    /// Sends one request; its URI is absolute. The sender drops the future when it has waited long enough.
    fn send(&self, request: Request<Bytes>) -> Sending;
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebError {
    /// Nobody listens there.
    Refused,
    /// It took too long.
    TimedOut,
    /// The connection broke; the request may have taken effect.
    Closed,
}

impl fmt::Display for WebError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            WebError::Refused => "Connection refused",
            WebError::TimedOut => "Read timeout expired",
            WebError::Closed => "Connection closed",
        })
    }
}

/// The real network.
struct Sockets(reqwest::Client);

impl Web for Sockets {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let sending = reqwest::Request::try_from(request).map(|request| self.0.execute(request));
        Box::pin(async move {
            let answer = sending.map_err(of_reqwest)?.await.map_err(of_reqwest)?;
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            *response.body_mut() = answer.bytes().await.map_err(of_reqwest)?;
            Ok(response)
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn of_reqwest(error: reqwest::Error) -> WebError {
    if error.is_timeout() {
        WebError::TimedOut
    } else if error.is_connect() || error.is_builder() {
        WebError::Refused
    } else {
        WebError::Closed
    }
}

/// A client of some network.
#[derive(Clone)]
pub(crate) struct Client(Arc<dyn Web>);

impl Client {
    pub(crate) fn of(web: Arc<dyn Web>) -> Client {
        Client(web)
    }

    /// A client of the real network, with connections of its own.
    pub(crate) fn of_sockets() -> Client {
        Client(Arc::new(Sockets(reqwest::Client::new())))
    }

    /// A request that is yet to be sent.
    pub(crate) fn request(&self, method: Method, url: &str, body: impl Into<Bytes>) -> Outgoing {
        let request = Request::builder().method(method).uri(url).body(body.into()).map_err(|_| WebError::Refused);
        Outgoing { web: self.0.clone(), request, patience: PATIENCE }
    }

    pub(crate) fn get(&self, url: &str) -> Outgoing {
        self.request(Method::GET, url, Bytes::new())
    }

    pub(crate) fn post(&self, url: &str, content_type: &'static str, body: impl Into<Bytes>) -> Outgoing {
        self.request(Method::POST, url, body).header(CONTENT_TYPE.as_str(), content_type)
    }

    pub(crate) fn post_json(&self, url: &str, body: &Value) -> Outgoing {
        self.post(url, "application/json", body.to_string())
    }
}

/// A request on its way out.
pub(crate) struct Outgoing {
    web: Arc<dyn Web>,
    request: Result<Request<Bytes>, WebError>,
    patience: Duration,
}

impl Outgoing {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Outgoing {
        if let (Ok(request), Ok(value)) = (&mut self.request, HeaderValue::from_str(value)) {
            request.headers_mut().insert(name, value);
        }
        self
    }

    pub(crate) fn timeout(mut self, patience: Duration) -> Outgoing {
        self.patience = patience;
        self
    }

    pub(crate) async fn send(self) -> Result<Incoming, WebError> {
        let sending = self.web.send(self.request?);
        let answer = tokio::time::timeout(self.patience, sending).await;
        answer.map_err(|_| WebError::TimedOut)?.map(Incoming)
    }

    /// The body of a success, or why there is none.
    pub(crate) async fn success(self) -> Result<Bytes, String> {
        let answer = self.send().await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("status {}", answer.status()));
        }
        Ok(answer.0.into_body())
    }
}

/// An answer, read whole.
pub(crate) struct Incoming(Response<Bytes>);

impl Incoming {
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.0.body()).into_owned()
    }
}
