//! Bytes in.

use clawstead_operations::files::{self, Broken, Incoming, Link, SqliteStore};
use clawstead_service::spin::{Answer, App, RequestBody, now};
use clawstead_service::{Call, Problem, Reply};
use http_body_util::BodyExt;
use serde_json::json;

/// Takes the bytes as they come, and answers as existing workers expect: with the storage id, and nothing before the last
/// byte is kept.
pub(crate) async fn take(app: &App, call: &Call, link: &Link, body: RequestBody) -> Result<Answer, Problem> {
    let store = SqliteStore(&app.ledger);
    let content_type = call.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let figures = files::receive(&app.cx(call), &now, &store, link, content_type, &mut Frames(body)).await?;
    Ok(Reply::ok(&json!({ "storageId": link.file_id, "sha256": figures.sha256, "sizeBytes": figures.size_bytes })).into())
}

struct Frames(RequestBody);

impl Incoming for Frames {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        while let Some(frame) = self.0.frame().await {
            if let Ok(bytes) = frame.map_err(|_| Broken)?.into_data() {
                return Ok(Some(bytes.into()));
            }
        }
        Ok(None)
    }
}
