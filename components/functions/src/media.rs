//! Files and metadata of the message that a worker has.

use std::collections::BTreeMap;

use clawstead_operations::files::{self, Shown};
use clawstead_operations::queue;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, json};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::worker::held;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoArgs {}

pub(crate) async fn generate_upload_url(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let NoArgs {} = json::from_value(args)?;
    let expected = files::expect_media(&app.cx(call), &app.links()?, call.worker()?).await?;
    Ok(json!({ "uploadUrl": expected.upload_url }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileArgs {
    storage_id: String,
}

pub(crate) async fn file_url(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let FileArgs { storage_id } = json::from_value(args)?;
    let url = files::file_url(&app.cx(call), &app.links()?, call.worker()?, &storage_id).await?;
    Ok(json!(url))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MetadataArgs {
    message_id: String,
    metadata: BTreeMap<String, String>,
}

pub(crate) async fn attach_metadata(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let MetadataArgs { message_id, metadata } = json::from_value(args)?;
    let attached = queue::attach_metadata(&app.cx(call), call.worker()?, &message_id, &metadata).await;
    Ok(json!(held(attached)?.is_some()))
}

/// The files of a message, as hydration shows them.
pub(crate) async fn attachments(app: &App, call: &Call, message: &Value) -> Result<Value, Problem> {
    let shown = files::shown(&app.cx(call), &app.links()?, call.worker()?, message).await?;
    Ok(shown.iter().map(wire).collect())
}

/// Absent fields are left out, as existing workers expect.
fn wire(shown: &Shown) -> Value {
    let Shown { attachment, status, download_url } = shown;
    let mut wire = json!({ "kind": attachment.kind, "status": status, "expiresAt": attachment.expires_at });
    let fields = [
        ("storageId", json!(attachment.file_id)),
        ("telegramFileId", json!(attachment.telegram_file_id)),
        ("fileName", json!(attachment.file_name)),
        ("mimeType", json!(attachment.mime_type)),
        ("sizeBytes", json!(attachment.size_bytes)),
        ("downloadUrl", json!(download_url)),
        ("error", json!(attachment.error)),
    ];
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
        wire[name] = value;
    }
    wire
}
