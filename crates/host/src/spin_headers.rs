//! The headers by which Spin tells a component how it was reached.

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use std::net::SocketAddr;

use crate::route::RouteMatch;

const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");
const PATH_MATCH_PREFIX: &str = "spin-path-match-";

/// Sets the headers, in the place of any that the client sent.
pub(crate) fn set<B>(request: &mut Request<B>, matched: &RouteMatch, client: SocketAddr) {
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or("http");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let full_url = format!("{scheme}://{}{path}", host.unwrap_or("localhost"));

    let headers = request.headers_mut();
    insert(headers, PATH_INFO, &matched.path_info);
    insert(headers, FULL_URL, &full_url);
    insert(headers, MATCHED_ROUTE, &matched.matched_route);
    insert(headers, BASE_PATH, "/");
    insert(headers, RAW_COMPONENT_ROUTE, &matched.raw_route);
    insert(headers, COMPONENT_ROUTE, matched.component_route());
    insert(headers, CLIENT_ADDR, &client.to_string());
    for (name, value) in &matched.parameters {
        let name = format!("{PATH_MATCH_PREFIX}{}", name.to_ascii_lowercase().replace('_', "-"));
        if let Ok(name) = HeaderName::try_from(name) {
            insert(headers, name, value);
        }
    }
}

/// Paths come from a URI, so they are fit for a header; anything else is left out.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => headers.insert(name, value),
        Err(_) => headers.remove(name),
    };
}
