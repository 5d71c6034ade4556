//! A transport on this machine's network.

use clawstead_transport::{Transport, TransportError};

/// For clients that are tested against the server.
#[derive(Debug, Clone, Default)]
pub struct NativeTransport(reqwest::Client);

impl Transport for NativeTransport {
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError> {
        let request = request.try_into().map_err(|_| TransportError::Denied)?;
        let answer = self.0.execute(request).await.map_err(|_| TransportError::Connect)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|_| TransportError::Interrupted)?;
        let mut response = http::Response::new(body.to_vec());
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}
