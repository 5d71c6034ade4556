//! `wasi:http`'s way out of a guest: the allow-list, then the network.

use http::Request;
use http::header::HOST;
use std::future::Future;
use std::sync::Arc;
use wasmtime_wasi_http::{RequestOptions, WasiBody, WasiHttpHooks};

use crate::network::{Network, SELF_HOST};
use crate::outbound::{Body, OutboundError, OutboundRequest, Timeouts};
use crate::state::Grant;

/// The network as one component sees it.
pub(crate) struct GuestNetwork {
    grant: Arc<Grant>,
    network: Arc<Network>,
}

/// What `send_request` must give: the response, and a future for what becomes of the connection.
type Sent = (http::Response<Body>, Box<dyn Future<Output = Result<(), OutboundError>> + Send>);

impl GuestNetwork {
    pub(crate) fn new(grant: Arc<Grant>, network: Arc<Network>) -> Self {
        Self { grant, network }
    }
}

impl WasiHttpHooks for GuestNetwork {
    fn send_request(
        &mut self,
        mut request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), OutboundError>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, OutboundError>> + Send> {
        let network = Arc::clone(&self.network);
        let grant = Arc::clone(&self.grant);
        Box::new(async move {
            if !is_allowed(&grant, &request) {
                tracing::warn!(
                    component = &*grant.component,
                    to = %origin(&request),
                    "request denied: not in allowed_outbound_hosts"
                );
                return Err(OutboundError::HttpRequestDenied);
            }
            // Whoever connects knows the host from the URI.
            request.headers_mut().remove(HOST);
            let component = Arc::clone(&grant.component);
            let timeouts = Timeouts::from(options.unwrap_or_default());
            let response = network.send(OutboundRequest { component, request, timeouts }).await?;
            let nothing_left: Box<dyn Future<Output = _> + Send> = Box::new(async { Ok(()) });
            Ok((response, nothing_left))
        })
    }
}

fn is_allowed(grant: &Grant, request: &Request<WasiBody>) -> bool {
    let host = request.uri().host().unwrap_or_default();
    if host.is_empty() || host == SELF_HOST {
        return grant.allowed_hosts.allows_self();
    }
    grant.allowed_hosts.allows(request.uri())
}

/// Scheme and host, for the log; a path may hold a secret.
fn origin(request: &Request<WasiBody>) -> String {
    let uri = request.uri();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}", uri.scheme_str().unwrap_or_default())
}
