//! What happens to a snapshot.

use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// Events of a snapshot's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SnapshotEvent {
    /// A worker is about to upload.
    SnapshotStarted {
        /// The conversation whose memory it holds.
        conversation_id: String,
        /// The agent of that conversation.
        agent_key: String,
        /// The workspace, as the worker calls it.
        workspace_id: String,
        /// Who uploads.
        worker_id: String,
        /// Why now.
        reason: Reason,
        /// Where its bytes go.
        file_id: String,
        /// Whether a worker may start from it. Not, when its maker was offered the memory of the conversation and did not
        /// fetch it whole: it would replace that memory by the lack of it.
        restorable: bool,
        /// The snapshot that its maker did fetch.
        based_on: Option<String>,
        /// It expires then, unless it is finished.
        upload_by: i64,
    },
    /// Its bytes have arrived and are what the worker says they are.
    SnapshotReady {
        /// SHA-256 of the bytes, hex.
        sha256: String,
        /// Their number.
        size_bytes: i64,
    },
    /// The worker gave up.
    SnapshotFailed {
        /// What it said.
        error: String,
    },
    /// It is of no more use.
    SnapshotExpired {
        /// Why.
        reason: Expiry,
    },
    /// A worker was told where to fetch it.
    SnapshotOffered {
        /// Who.
        worker_id: String,
        /// For which conversation.
        conversation_id: String,
    },
    /// That worker has fetched the whole of it.
    SnapshotFetched {
        /// Who.
        worker_id: String,
        /// For which conversation.
        conversation_id: String,
    },
}

impl DomainEvent for SnapshotEvent {
    const KIND: &'static str = "snapshot";
}

/// Why a worker makes a snapshot; the words of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is being drained.
    Drain,
    /// It was told to stop, by the control plane or by its machine.
    Signal,
    /// It leaves of its own accord.
    Manual,
}

/// Why a snapshot is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// Its upload was not finished in time.
    Unfinished,
    /// There are enough newer ones of its conversation.
    Count,
    /// It is older than the policy keeps superseded ones.
    Age,
}
