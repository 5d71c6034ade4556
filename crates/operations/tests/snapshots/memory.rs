//! Workers that snapshot, and what tests of files look at.

use std::time::{SystemTime, UNIX_EPOCH};

use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::snapshot::{Figures, Reason, Start};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_operations::files::{self, Action, Incoming, Link, Links, S3Store, SqliteStore, Stores};
use clawstead_operations::queue::{self, Job};
use clawstead_operations::snapshots::{self, Finish, Offer, SnapshotView, Started};
use clawstead_operations::workers::{Registered, Worker};
use clawstead_operations::{OperationError, configs};
use clawstead_s3_emulator::NativeTransport;
use clawstead_vault::sha256_hex;
use futures::executor::block_on;

use crate::world::{World, ending};

pub(crate) const DAY: i64 = 86_400_000;
pub(crate) const PUBLIC_URL: &str = "https://example.org";

/// The instant, ms since the epoch: an object store takes no signatures of our clocks.
pub(crate) fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

impl World {
    pub(crate) fn store(&self) -> Stores<'_, NativeEngine, NativeTransport> {
        Stores { sqlite: SqliteStore(&self.ledger), s3: self.object_store() }
    }

    pub(crate) fn object_store(&self) -> Option<S3Store<'_, NativeTransport>> {
        self.objects.get().map(|objects| S3Store::new(objects, NativeTransport::default(), &wall_clock))
    }

    pub(crate) fn links(&self) -> Links<'_> {
        Links { keys: &self.keys, public_url: PUBLIC_URL, direct: None }
    }

    pub(crate) fn retention(&self, change: impl Fn(&mut RetentionPolicy)) {
        let mut policy = RetentionPolicy::default();
        change(&mut policy);
        block_on(configs::set(&self.cx(), &policy)).unwrap();
    }

    /// The worker as it is now, its sign of life noted.
    pub(crate) fn seen(&self, registered: &Registered) -> Worker {
        self.call(registered).unwrap()
    }

    /// When it was last heard of.
    pub(crate) fn seen_without_a_call(&self, worker: &Registered) -> i64 {
        let sql = "SELECT last_seen_at FROM worker_contacts WHERE worker_id = ?1";
        let rows = block_on(self.cx().sql(sql, &[(&worker.worker_id).into()])).unwrap();
        rows.first().unwrap().integer("last_seen_at").unwrap()
    }

    /// A worker that has done a message of the conversation.
    pub(crate) fn holder(&self, conversation_id: &str) -> Registered {
        let worker = self.worker();
        self.works_on(&worker, conversation_id);
        worker
    }

    pub(crate) fn works_on(&self, worker: &Registered, conversation_id: &str) {
        self.pass(1_000_000);
        self.enqueue(conversation_id, "hi");
        let job = self.claim_of(worker, conversation_id);
        block_on(queue::complete(&self.cx(), ending(worker, &job))).unwrap();
    }

    pub(crate) fn claim_of(&self, worker: &Registered, conversation_id: &str) -> Job {
        block_on(queue::claim(&self.cx(), &self.seen(worker), Some(conversation_id))).unwrap().unwrap()
    }

    pub(crate) fn try_start(&self, worker: &Registered, conversation_id: &str) -> Result<Started, OperationError> {
        let command = Start {
            workspace_id: "default".to_owned(),
            agent_key: "a".to_owned(),
            conversation_id: conversation_id.to_owned(),
            reason: Reason::Signal,
        };
        block_on(snapshots::start(&self.cx(), &self.links(), &self.seen(worker), &command))
    }

    pub(crate) fn start(&self, worker: &Registered, conversation_id: &str) -> Started {
        self.try_start(worker, conversation_id).unwrap()
    }

    /// What the bearer of a URL may do now.
    pub(crate) fn link(&self, url: &str, action: Action) -> Result<Link, files::LinkError> {
        Link::parse(&self.keys, url.rsplit('/').next().unwrap(), action, self.now())
    }

    pub(crate) fn upload(&self, url: &str, body: &mut impl Incoming) -> Result<String, OperationError> {
        let link = self.link(url, Action::Upload).unwrap();
        block_on(files::receive(&self.cx(), &|| self.now(), &self.store(), &link, "application/gzip", body))?;
        Ok(link.file_id)
    }

    pub(crate) fn try_finish(
        &self,
        worker: &Registered,
        snapshot_id: &str,
        storage_id: &str,
        bytes: &[u8],
    ) -> Result<(), OperationError> {
        let figures = Figures { sha256: sha256_hex(bytes), size_bytes: i64::try_from(bytes.len()).unwrap() };
        let finish = Finish { snapshot_id, storage_id: Some(storage_id), figures };
        block_on(snapshots::finish(&self.cx(), &self.seen(worker), &finish))
    }

    /// A whole good snapshot of the conversation; its id.
    pub(crate) fn snapshot(&self, worker: &Registered, conversation_id: &str, bytes: &[u8]) -> String {
        self.pass(1_000);
        let started = self.start(worker, conversation_id);
        let storage_id = self.upload(&started.upload_url, &mut Body::of(bytes)).unwrap();
        self.try_finish(worker, &started.snapshot_id, &storage_id, bytes).unwrap();
        started.snapshot_id
    }

    pub(crate) fn fail(&self, worker: &Registered, snapshot_id: &str) -> Result<(), OperationError> {
        block_on(snapshots::fail(&self.cx(), &self.seen(worker), snapshot_id, "tar: file changed as we read it"))
    }

    pub(crate) fn latest(&self, worker: &Registered, conversation_id: &str) -> Option<Offer> {
        self.try_latest(worker, conversation_id).unwrap()
    }

    pub(crate) fn try_latest(&self, worker: &Registered, conversation_id: &str) -> Result<Option<Offer>, OperationError> {
        let of = ("default", "a", conversation_id);
        block_on(snapshots::latest(&self.cx(), &self.links(), &self.seen(worker), of))
    }

    /// Fetches at most so many pieces, or all of them and the end.
    pub(crate) fn fetch(&self, url: &str, pieces: usize) -> Vec<u8> {
        let link = self.link(url, Action::Download).unwrap();
        let mut outgoing = block_on(files::open(&self.cx(), link)).unwrap();
        let mut bytes = Vec::new();
        for _ in 0..pieces {
            let piece = block_on(outgoing.next(&self.cx(), &|| self.now(), &self.store())).unwrap();
            let Some(piece) = piece else { break };
            bytes.extend(piece);
        }
        bytes
    }

    pub(crate) fn list(&self, conversation_id: &str) -> Vec<SnapshotView> {
        block_on(snapshots::list(&self.cx(), conversation_id, i64::MAX, 100)).unwrap()
    }

    pub(crate) fn snapshot_status(&self, snapshot_id: &str) -> String {
        let rows = self.texts(&format!("SELECT status FROM snapshots WHERE snapshot_id = '{snapshot_id}'"));
        rows.first().cloned().unwrap_or_default()
    }

    /// What a tick does of files.
    pub(crate) fn tidy(&self) {
        block_on(snapshots::retire(&self.cx(), 100)).unwrap();
        block_on(files::collect(&self.cx(), &self.store(), 100)).unwrap();
    }

    pub(crate) fn stored_bytes(&self) -> i64 {
        let rows = block_on(self.cx().sql("SELECT coalesce(sum(length(bytes)), 0) AS n FROM file_chunks", &[])).unwrap();
        rows.first().unwrap().integer("n").unwrap()
    }
}

/// Bytes that come in pieces, and may break off.
pub(crate) struct Body {
    pieces: Vec<Vec<u8>>,
    breaks: bool,
}

impl Body {
    /// All at once.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::in_pieces(bytes, bytes.len().max(1))
    }

    pub(crate) fn in_pieces(bytes: &[u8], length: usize) -> Self {
        Self { pieces: bytes.chunks(length).rev().map(<[u8]>::to_vec).collect(), breaks: false }
    }

    pub(crate) fn that_breaks(bytes: &[u8]) -> Self {
        Self { breaks: true, ..Self::in_pieces(bytes, 1_000) }
    }
}

impl Incoming for Body {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, files::Broken> {
        match self.pieces.pop() {
            None if self.breaks => Err(files::Broken),
            piece => Ok(piece),
        }
    }
}

/// Bytes that do not repeat soon.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}
