//! Attachments: stored ones are downloaded, loose ones are brought into the control plane's storage.

use serde_json::{Map, Value, json};

use super::job::{Bundle, Job, Stopped};
use super::run::Running;
use super::telegram;

/// The kinds of media whose Telegram file id a payload's metadata can hold.
const KINDS: [(&str, &str); 4] =
    [("Photo", "image/jpeg"), ("Video", "video/mp4"), ("Audio", "audio/mpeg"), ("Voice", "audio/ogg")];

impl Running {
    /// Downloads what is ready; gives one line per attachment for the user's turn.
    pub(crate) async fn fetch_attachments(&self, bundle: &Bundle) -> Result<Vec<String>, Stopped> {
        let mut lines = Vec::new();
        for attachment in &bundle.attachments {
            let url = attachment["downloadUrl"].as_str();
            let Some(url) = url.filter(|_| attachment["status"] == "ready") else { continue };
            let kind = attachment["kind"].as_str().unwrap_or("file");
            let size = self.fetch(url).await.map_err(|why| Stopped::Failed(format!("download of a {kind}: {why}")))?.len();
            lines.push(format!("[{kind}, {size} bytes] {url}"));
        }
        Ok(lines)
    }

    pub(crate) async fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
        Ok(self.http.get(url).success().await?.to_vec())
    }

    /// Stores media that came without stored attachments. Trouble is only a warning.
    pub(crate) async fn store_loose_media(&self, job: &Job, bundle: &Bundle) {
        if !bundle.attachments.is_empty() {
            return;
        }
        let Some(token) = &bundle.bot_token else { return };
        let mut stored = Map::new();
        for (kind, content_type) in KINDS {
            let file_id = &job.payload["metadata"][format!("telegram{kind}FileId")];
            let Some(file_id) = file_id.as_str() else { continue };
            match self.store_one(token, file_id, content_type).await {
                Ok(storage_id) => {
                    stored.insert(format!("telegram{kind}StorageId"), Value::String(storage_id));
                }
                Err(why) => tracing::warn!(worker = self.config.worker_id, why, "media not stored"),
            }
        }
        if stored.is_empty() {
            return;
        }
        let args = json!({ "messageId": job.message_id, "metadata": stored });
        let attached = self.control_plane.mutation("workerAttachMessageMetadata", args).await;
        if let Err(error) = attached {
            tracing::warn!(worker = self.config.worker_id, %error, "media not attached");
        }
    }

    async fn store_one(&self, token: &str, file_id: &str, content_type: &'static str) -> Result<String, String> {
        let api_url = &self.config.telegram_api_url;
        let bytes = telegram::download(&self.http, api_url, token, file_id).await?;
        let prepared =
            self.control_plane.mutation("workerGenerateMediaUploadUrl", json!({})).await.map_err(|error| error.to_string())?;
        let upload_url = prepared["uploadUrl"].as_str().ok_or("no upload URL")?;
        let storage_id = self.upload(upload_url, content_type, bytes).await?;
        let args = json!({ "storageId": storage_id });
        let url = self.control_plane.query("workerGetStorageFileUrl", args).await;
        match url.map_err(|error| error.to_string())? {
            Value::Null => Err(format!("stored file {storage_id} has no URL")),
            _ => Ok(storage_id),
        }
    }

    /// Posts bytes to an upload URL and gives the storage id.
    pub(crate) async fn upload(&self, url: &str, content_type: &'static str, bytes: Vec<u8>) -> Result<String, String> {
        let answer = self.http.post(url, content_type, bytes).success().await?;
        let body: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        body["storageId"].as_str().map(str::to_owned).ok_or_else(|| "no storageId".to_owned())
    }
}
