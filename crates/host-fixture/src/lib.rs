//! One component with one action per path, so that a test says over HTTP what the guest is to do.

mod database;
mod network;
mod process;
mod reflect;

use bytes::Bytes;
use spin_sdk::http::{BoxBody, FullBody, IntoResponse, Request, Response, StatusCode, box_body};
use spin_sdk::http_service;

/// What an action gives: a whole response, so that actions can stream.
pub(crate) type Reply = Response<BoxBody>;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    process::note_request();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let action = path.trim_start_matches('/').to_owned();
    match action.rsplit('/').next().unwrap_or_default() {
        "empty" => text(StatusCode::OK, ""),
        "body" => reflect::body(request).await,
        "drain" => reflect::drain(request).await,
        "blob" => reflect::blob(&query),
        "variable" => reflect::variable(&query).await,
        "environment" => reflect::environment(&query),
        "time" => reflect::time(),
        "random" => reflect::random(),
        "sql" => database::sql(request).await,
        "sql-sync" => database::sql_sync(request).await,
        "insert" => database::insert().await,
        "open" => database::open(&query).await,
        "key-value" => database::key_value(&query).await,
        "fetch" => network::fetch(&query).await,
        "relay" => network::relay(&query, request).await,
        "trap" => process::trap(),
        "spin" => process::busy(),
        "hog" => process::hog(&query),
        "sleep" => process::sleep(&query).await,
        "later" => process::later(&query),
        "print" => process::print(&query),
        "instance" => process::instance(),
        _ => reflect::request(&request),
    }
}

/// A whole-body response of type text/plain.
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut response = Response::new(box_body(FullBody::new(body.into())));
    *response.status_mut() = status;
    response
}
