//! A running application: its routes and its components' instances.

use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::BodyExt;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError, ProxyHandler};

use crate::network::chained_component;
use crate::outbound::{Body, OutboundError, body};
use crate::pool::InstancePool;
use crate::problem::problem;
use crate::request_body::LimitedBody;
use crate::room::NoRoom;
use crate::route::{RouteMatch, Router};
use crate::spin_headers;

/// Paths that the host answers itself, as Spin does.
const WELL_KNOWN_PREFIX: &str = "/.well-known/spin/";

/// Who a component is told called it when another component did; Spin's.
const CHAINED_CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What answers requests.
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) components: HashMap<String, ProxyHandler<InstancePool>>,
    pub(crate) request_bytes_max: u64,
    /// Where the application listens; set when it does.
    pub(crate) addr: OnceLock<SocketAddr>,
}

impl App {
    /// Answers a request from outside.
    pub(crate) async fn handle(&self, mut request: Request<Body>, client: SocketAddr) -> Response<Body> {
        if let Err(detail) = complete_uri(&mut request) {
            return problem(StatusCode::BAD_REQUEST, "host_invalid", detail);
        }
        let path = request.uri().path();
        if let Some(well_known) = path.strip_prefix(WELL_KNOWN_PREFIX) {
            return match well_known {
                "health" => Response::new(body("OK")),
                _ => not_found(path),
            };
        }
        match self.router.find(path) {
            Some(matched) => self.call(request, &matched, client).await,
            None => not_found(path),
        }
    }

    /// Answers a request that a component makes to the application without naming a host.
    pub(crate) async fn handle_own(&self, mut request: Request<Body>) -> Response<Body> {
        let addr = self.addr.get().copied().unwrap_or(CHAINED_CLIENT);
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = addr.to_string().parse().ok();
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        self.handle(request, addr).await
    }

    /// Answers a request from one component to another.
    ///
    /// # Errors
    /// There is no such component.
    pub(crate) async fn handle_chained(&self, component: &str, request: Request<Body>) -> Result<Response<Body>, OutboundError> {
        if !self.components.contains_key(component) {
            return Err(OutboundError::DestinationNotFound);
        }
        let matched = RouteMatch::chained(component, request.uri().path());
        Ok(self.call(request, &matched, CHAINED_CLIENT).await)
    }

    async fn call(&self, mut request: Request<Body>, matched: &RouteMatch, client: SocketAddr) -> Response<Body> {
        let Some(handler) = self.components.get(&matched.component) else {
            return not_found(request.uri().path());
        };
        if request.body().size_hint().lower() > self.request_bytes_max {
            return self.body_too_large();
        }
        spin_headers::set(&mut request, matched, client);
        let (parts, body) = request.into_parts();
        let (body, exceeded) = LimitedBody::new(body, self.request_bytes_max);
        let request = Request::from_parts(parts, body.boxed_unsync());
        let answer = handler.handle((), request).await;
        if exceeded.load(Ordering::Relaxed) {
            return self.body_too_large();
        }
        answer.unwrap_or_else(|error| failed(&matched.component, &error))
    }

    fn body_too_large(&self) -> Response<Body> {
        let detail = format!("a request body may have {} bytes", self.request_bytes_max);
        problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", &detail)
    }
}

fn not_found(path: &str) -> Response<Body> {
    let detail = format!("no route matches {path}");
    problem(StatusCode::NOT_FOUND, "route_not_found", &detail)
}

/// Spin, too, answers 500 when a component fails; it has no bound on instances.
fn failed(component: &str, error: &wasmtime::Error) -> Response<Body> {
    tracing::error!(component, "request failed: {error:#}");
    if error.downcast_ref::<InstantiationError<()>>().is_some_and(|error| error.error.is::<NoRoom>()) {
        let detail = "all instances of the component are busy";
        return problem(StatusCode::SERVICE_UNAVAILABLE, "component_busy", detail);
    }
    let (code, detail) = if error.is::<ExpirationError>() {
        ("component_timed_out", "the component did not answer in time")
    } else {
        ("component_failed", "the component failed")
    };
    problem(StatusCode::INTERNAL_SERVER_ERROR, code, detail)
}

/// Gives the URI its scheme, and the authority that the `host` header names.
///
/// # Errors
/// Says why there is no telling what the authority is.
fn complete_uri(request: &mut Request<Body>) -> Result<(), &'static str> {
    let header = match request.headers().get(HOST) {
        None => None,
        Some(host) => {
            let host: Authority = host.to_str().ok().and_then(|host| host.parse().ok()).ok_or("the host header is not a host")?;
            Some(host)
        }
    };
    let mut parts = request.uri().clone().into_parts();
    let authority = match (header, parts.authority.take()) {
        (None, None) => return Err("there is no host header"),
        (Some(header), Some(uri)) if header != uri => {
            return Err("the host header and the request's URI name different hosts");
        }
        (Some(one), _) | (None, Some(one)) => one,
    };
    if chained_component(authority.host()).is_some() {
        return Err("that host can be called by components only");
    }
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    parts.path_and_query.get_or_insert(http::uri::PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| "the request's URI is not one")?;
    Ok(())
}
