//! Files and metadata of the message that a worker has.

use std::collections::BTreeMap;

use clawstead_operations::files::{self, Shown};
use clawstead_operations::queue;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::snapshots::links;

pub(crate) async fn expect(app: &App, call: &Call) -> Result<Reply, Problem> {
    let expected = files::expect_media(&app.cx(call), &app.links()?, call.worker()?).await?;
    let body = json!({
        "storage_id": expected.file_id, "upload_url": expected.upload_url, "expires_at": expected.expires_at,
    });
    Ok(Reply::json(StatusCode::CREATED, &body))
}

pub(crate) async fn url(app: &App, call: &Call) -> Result<Reply, Problem> {
    let url = files::file_url(&app.cx(call), &links(app)?, call.worker()?, call.param("storage_id")).await?;
    let none = || Problem::new(StatusCode::NOT_FOUND, "file_not_found", "this worker's message has no such file, or no longer");
    Ok(Reply::ok(&json!({ "download_url": url.ok_or_else(none)? })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    metadata: BTreeMap<String, String>,
}

pub(crate) async fn attach_metadata(app: &App, call: &Call) -> Result<Reply, Problem> {
    let Metadata { metadata } = call.json()?;
    queue::attach_metadata(&app.cx(call), call.worker()?, call.param("message_id"), &metadata).await?;
    Ok(Reply::empty())
}

/// The files of a message, as hydration shows them.
pub(crate) async fn attachments(app: &App, call: &Call, message: &Value) -> Result<Vec<Value>, Problem> {
    let shown = files::shown(&app.cx(call), &links(app)?, call.worker()?, message).await?;
    Ok(shown.iter().map(attachment).collect())
}

fn attachment(shown: &Shown) -> Value {
    let mut attachment = json!(shown.attachment);
    attachment["status"] = json!(shown.status);
    attachment["download_url"] = json!(shown.download_url);
    attachment
}
