use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;

use bytes::Bytes;
use futures::future::{Either, select};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use spin_sdk::http::FullBody;
use spin_sdk::wasip3::http::types::ErrorCode;

use crate::{Body, Limits, Transport, TransportError};

/// The transport of a Spin component: `wasi:http`, with a total timeout and a cap on the answer, because the host sets
/// neither (outside-contracts.md, Spin 4.1).
#[derive(Debug, Clone, Copy, Default)]
pub struct SpinTransport {
    limits: Limits,
}

impl SpinTransport {
    /// A transport with limits other than the default ones.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits }
    }

    async fn exchange(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError> {
        let request = with_length(request).map(|body| FullBody::new(Bytes::from(body)));
        let response = spin_sdk::http::send(request).await.map_err(|code| classify(&code))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.limits.response_bytes_max).collect().await.map_err(|error| classify_body(&*error))?;
        Ok(http::Response::from_parts(head, body.to_bytes().to_vec()))
    }
}

impl Transport for SpinTransport {
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError> {
        let alarm = pin!(spin_sdk::time::sleep(self.limits.timeout_of(&request)));
        let exchange = pin!(self.exchange(request));
        match select(exchange, alarm).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), _)) => Err(TransportError::Timeout),
        }
    }

    async fn open(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Body>, TransportError> {
        let mut alarm: Alarm = Box::pin(spin_sdk::time::sleep(self.limits.timeout_of(&request)));
        let request = with_length(request).map(|body| FullBody::new(Bytes::from(body)));
        let response = match select(pin!(spin_sdk::http::send(request)), &mut alarm).await {
            Either::Left((outcome, _)) => outcome.map_err(|code| classify(&code))?,
            Either::Right(((), _)) => return Err(TransportError::Timeout),
        };
        let (head, body) = response.into_parts();
        let shared = Rc::new(RefCell::new(Some((body, alarm))));
        let body = Body::new(move || {
            let shared = shared.clone();
            async move {
                let Some((mut body, mut alarm)) = shared.borrow_mut().take() else { return Ok(None) };
                let Some(bytes) = next_bytes(&mut body, &mut alarm).await? else { return Ok(None) };
                shared.replace(Some((body, alarm)));
                Ok(Some(bytes))
            }
        });
        Ok(http::Response::from_parts(head, body))
    }
}

type Alarm = Pin<Box<dyn Future<Output = ()>>>;

/// The next bytes of a body, unless the time for the whole of it is up before.
async fn next_bytes<B>(body: &mut B, alarm: &mut Alarm) -> Result<Option<Vec<u8>>, TransportError>
where
    B: http_body::Body<Data = Bytes, Error = ErrorCode> + Unpin,
{
    loop {
        let frame = match select(pin!(body.frame()), &mut *alarm).await {
            Either::Left((frame, _)) => frame,
            Either::Right(((), _)) => return Err(TransportError::Timeout),
        };
        match frame {
            None => return Ok(None),
            Some(Err(code)) => return Err(classify_body(&code)),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes.to_vec()));
                }
            }
        }
    }
}

/// Without a length the host sends the body in chunks, even an empty one of a POST or DELETE.
fn with_length(mut request: http::Request<Vec<u8>>) -> http::Request<Vec<u8>> {
    let bodiless_by_nature = matches!(*request.method(), http::Method::GET | http::Method::HEAD);
    if !(bodiless_by_nature && request.body().is_empty()) {
        let length = http::HeaderValue::from(request.body().len());
        request.headers_mut().insert(http::header::CONTENT_LENGTH, length);
    }
    request
}

/// Once the head has arrived the request was received, so a broken body never means "nothing happened".
fn classify_body(error: &(dyn std::error::Error + 'static)) -> TransportError {
    if error.is::<LengthLimitError>() {
        return TransportError::BodyTooLarge;
    }
    match error.downcast_ref::<ErrorCode>().map(classify) {
        Some(classified) if classified.effect_possible() => classified,
        _ => TransportError::Interrupted,
    }
}

/// What surely happened before anything was sent is `Denied` or `Connect`; in doubt the effect is possible.
fn classify(code: &ErrorCode) -> TransportError {
    match code {
        ErrorCode::HttpRequestDenied
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::LoopDetected
        | ErrorCode::ConfigurationError => TransportError::Denied,
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsCertificateError => TransportError::Connect,
        ErrorCode::ConnectionReadTimeout | ErrorCode::ConnectionWriteTimeout | ErrorCode::HttpResponseTimeout => {
            TransportError::Timeout
        }
        ErrorCode::HttpResponseBodySize(_) => TransportError::BodyTooLarge,
        _ => TransportError::Interrupted,
    }
}
