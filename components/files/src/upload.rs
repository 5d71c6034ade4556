//! Bytes in.

use std::cell::Cell;
use std::time::Duration;

use clawstead_operations::files::{self, Broken, Incoming, Link, Place, Store};
use clawstead_service::spin::{Answer, App, RequestBody, now, pause};
use clawstead_service::{Call, Problem, Reply};
use http_body_util::BodyExt;
use serde_json::json;

/// Takes the bytes as they come, and answers as existing workers expect: with the storage id, and nothing before the last
/// byte is kept.
pub(crate) async fn take(app: &App, call: &Call, link: &Link, body: RequestBody) -> Result<Answer, Problem> {
    let store = app.stores();
    let _room = if store.place() == Place::S3 { Some(Room::enter(app, call, link).await?) } else { None };
    let content_type = call.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let figures = files::receive(&app.cx(call), &now, &store, link, content_type, &mut Frames(body)).await?;
    Ok(Reply::ok(&json!({ "storageId": link.file_id, "sha256": figures.sha256, "sizeBytes": figures.size_bytes })).into())
}

/// An object store takes parts of mebibytes, and a part is held until it has been taken. So many uploads at once keep an
/// instance, which has sixteen requests, below 64 MiB; the others wait.
const HELD_MAX: u32 = 2;

/// How often one that waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

thread_local! {
    static HELD: Cell<u32> = const { Cell::new(0) };
}

struct Room;

impl Room {
    async fn enter(app: &App, call: &Call, link: &Link) -> Result<Self, Problem> {
        let mut seen_at = call.now;
        while HELD.get() >= HELD_MAX {
            pause(LOOK_EVERY).await;
            seen_at = files::sign_of_life(&app.cx(call), &now, link.worker_id.as_deref(), seen_at).await?;
        }
        HELD.set(HELD.get() + 1);
        Ok(Self)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        HELD.set(HELD.get() - 1);
    }
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
