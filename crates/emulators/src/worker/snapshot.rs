//! The worker's data folder, and its snapshots.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Step;
use super::run::{Running, Vanish};

const SESSIONS: &str = "sessions.json";

/// What the echo worker keeps: how many turns it has had with each conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Data {
    sessions: BTreeMap<String, u64>,
}

impl Data {
    pub(crate) fn count_turn(&mut self, conversation_id: &str) {
        *self.sessions.entry(conversation_id.to_owned()).or_default() += 1;
    }

    /// The folder as a tar.gz.
    pub(crate) fn pack(&self) -> std::io::Result<Vec<u8>> {
        let content = serde_json::to_vec(&self.sessions)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        archive.append_data(&mut header, SESSIONS, content.as_slice())?;
        archive.into_inner()?.finish()
    }

    pub(crate) fn unpack(archive: &[u8]) -> std::io::Result<Data> {
        for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
            let mut entry = entry?;
            if entry.path()?.as_os_str() != SESSIONS {
                continue;
            }
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            return Ok(Data { sessions: serde_json::from_slice(&content)? });
        }
        Err(std::io::Error::other("no sessions.json in the archive"))
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Running {
    /// Takes over the latest snapshot of its conversation. Any trouble means starting empty.
    pub(crate) async fn restore(&mut self) {
        let Some((agent_key, conversation_id)) = &self.assignment else { return };
        let args = json!({
            "workspaceId": self.config.workspace_id,
            "agentKey": agent_key,
            "conversationId": conversation_id,
        });
        match self.latest_snapshot(args).await {
            Ok(Some(data)) => self.data = data,
            Ok(None) => {}
            Err(why) => tracing::warn!(worker = self.config.worker_id, why, "starts empty"),
        }
    }

    async fn latest_snapshot(&self, args: serde_json::Value) -> Result<Option<Data>, String> {
        let latest = self.control_plane.query("workerLatestSnapshotForRestore", args).await;
        let latest = latest.map_err(|error| error.to_string())?;
        let Some(url) = latest["downloadUrl"].as_str() else { return Ok(None) };
        let archive = self.fetch(url).await?;
        if latest["sha256"].as_str().is_some_and(|expected| expected != sha256(&archive)) {
            return Err("the snapshot's checksum does not fit".to_owned());
        }
        Data::unpack(&archive).map(Some).map_err(|error| error.to_string())
    }

    /// Uploads the data folder on the way out. Refusals and trouble are only warnings.
    pub(crate) async fn upload_snapshot(&self, reason: &str) -> Result<(), Vanish> {
        let mut args = json!({
            "workerId": self.config.worker_id,
            "workspaceId": self.config.workspace_id,
            "agentKey": self.assignment.as_ref().map_or("default", |(agent_key, _)| agent_key),
            "reason": reason,
        });
        if let Some((_, conversation_id)) = &self.assignment {
            args["conversationId"] = json!(conversation_id);
        }
        let prepared = match self.control_plane.mutation("workerPrepareSnapshotUpload", args).await {
            Ok(prepared) => prepared,
            Err(error) => {
                tracing::warn!(worker = self.config.worker_id, %error, "no snapshot");
                return Ok(());
            }
        };
        self.reach(Step::SnapshotPrepared)?;
        let snapshot_id = prepared["snapshotId"].as_str().unwrap_or_default();
        let upload_url = prepared["uploadUrl"].as_str().unwrap_or_default();
        if let Err(why) = self.upload_and_finalize(snapshot_id, upload_url).await? {
            tracing::warn!(worker = self.config.worker_id, why, "snapshot failed");
            let args = json!({
                "workerId": self.config.worker_id,
                "snapshotId": snapshot_id,
                "error": why,
            });
            let failed = self.control_plane.mutation("workerFailSnapshotUpload", args).await;
            if let Err(error) = failed {
                tracing::warn!(worker = self.config.worker_id, %error, "failure not reported");
            }
        }
        Ok(())
    }

    async fn upload_and_finalize(&self, snapshot_id: &str, upload_url: &str) -> Result<Result<(), String>, Vanish> {
        let archive = match self.data.pack() {
            Ok(archive) => archive,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let (digest, size) = (sha256(&archive), archive.len());
        let storage_id = match self.upload(upload_url, "application/gzip", archive).await {
            Ok(storage_id) => storage_id,
            Err(why) => return Ok(Err(why)),
        };
        self.reach(Step::SnapshotUploaded)?;
        let args = json!({
            "workerId": self.config.worker_id,
            "snapshotId": snapshot_id,
            "storageId": storage_id,
            "sha256": digest,
            "sizeBytes": size,
        });
        let finalized = self.control_plane.mutation("workerFinalizeSnapshotUpload", args).await;
        Ok(finalized.map(|_| ()).map_err(|error| error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::Data;

    #[test]
    fn an_archive_restores_what_it_was_made_of() {
        let mut data = Data::default();
        data.count_turn("telegram:1");
        data.count_turn("telegram:1");
        let archive = data.pack().expect("packs");
        assert_eq!(Data::unpack(&archive).expect("unpacks"), data);
        assert!(Data::unpack(&archive[..archive.len() / 2]).is_err());
    }
}
