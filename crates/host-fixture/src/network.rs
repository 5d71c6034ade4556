//! Calls out.

use crate::{Reply, text};
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{FullBody, Request, Response, StatusCode, box_body};

/// GETs the URL of the query; the answer's status and body, or 502 and the error code.
pub(crate) async fn fetch(url: &str) -> Reply {
    match spin_sdk::http::get(url).await {
        Err(error) => text(StatusCode::BAD_GATEWAY, format!("{error:?}")),
        Ok(response) => {
            let status = response.status();
            match response.into_body().bytes().await {
                Ok(body) => text(status, body),
                Err(error) => text(StatusCode::BAD_GATEWAY, format!("body: {error:?}")),
            }
        }
    }
}

/// POSTs the request's body to the URL of the query and streams the answer back.
pub(crate) async fn relay(url: &str, request: Request) -> Reply {
    let body = match request.into_body().bytes().await {
        Ok(body) => body,
        Err(error) => return text(StatusCode::BAD_REQUEST, format!("{error:?}")),
    };
    let outgoing = Request::post(url).header("x-relayed", "yes").body(FullBody::new(body));
    let Ok(outgoing) = outgoing else {
        return text(StatusCode::BAD_REQUEST, "not a URL");
    };
    match spin_sdk::http::send(outgoing).await {
        Err(error) => text(StatusCode::BAD_GATEWAY, format!("{error:?}")),
        Ok(response) => {
            let (parts, body) = response.into_parts();
            Response::from_parts(parts, box_body(body))
        }
    }
}
