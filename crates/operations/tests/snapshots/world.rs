//! A database in a file of its own, a clock that stands still until told, and workers that snapshot.

use std::cell::Cell;

use clawstead_domain::agent::Configure;
use clawstead_domain::config::RetentionPolicy;
use clawstead_domain::conversation::{Ending, Enqueue};
use clawstead_domain::snapshot::{Figures, Reason, Start};
use clawstead_domain::worker::{DrainReason, WorkerEvent};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine, Expected, Ledger};
use clawstead_operations::files::{self, Action, Incoming, Link, SqliteStore};
use clawstead_operations::queue::{self, Job};
use clawstead_operations::snapshots::{self, Finish, Offer, SnapshotView, Started};
use clawstead_operations::workers::{self, Registered, Worker};
use clawstead_operations::{Cx, OperationError, agents, configs};
use clawstead_vault::{KeyRing, sha256_hex};
use futures::executor::block_on;
use tempfile::TempDir;

pub(crate) const START: i64 = 1_700_000_000_000;
pub(crate) const DAY: i64 = 86_400_000;
pub(crate) const PUBLIC_URL: &str = "https://example.org";

type Dice = Box<dyn Fn(&mut [u8])>;

pub(crate) struct World {
    pub(crate) ledger: Ledger<NativeEngine>,
    pub(crate) keys: KeyRing,
    now: Cell<i64>,
    entropy: Dice,
    _folder: TempDir,
}

impl World {
    /// Migrated, with the agents `a` and `b`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let ledger = Ledger::new(block_on(NativeEngine::open(&file, Durability::Normal)).unwrap());
        block_on(ledger.migrate("test", START)).unwrap();
        let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let world = Self { ledger, keys, now: Cell::new(START), entropy: dice(), _folder: folder };
        for agent in ["a", "b"] {
            block_on(agents::configure(&world.cx(), agent, &Configure::default())).unwrap();
        }
        world
    }

    pub(crate) fn cx(&self) -> Cx<'_, NativeEngine> {
        Cx {
            ledger: &self.ledger,
            now: self.now.get(),
            entropy: &*self.entropy,
            actor: "test:1".to_owned(),
            correlation: "c".to_owned(),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.get()
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.now.set(self.now.get() + ms);
    }

    pub(crate) fn store(&self) -> SqliteStore<'_, NativeEngine> {
        SqliteStore(&self.ledger)
    }

    pub(crate) fn retention(&self, change: impl Fn(&mut RetentionPolicy)) {
        let mut policy = RetentionPolicy::default();
        change(&mut policy);
        block_on(configs::set(&self.cx(), &policy)).unwrap();
    }

    pub(crate) fn worker(&self) -> Registered {
        let registered = block_on(workers::register(&self.cx(), None)).unwrap();
        self.seen(&registered);
        registered
    }

    /// The worker as it is now, its sign of life noted.
    pub(crate) fn seen(&self, registered: &Registered) -> Worker {
        let found = block_on(workers::by_token(&self.cx(), &registered.token)).unwrap().unwrap();
        block_on(workers::saw(&self.cx(), &found)).unwrap();
        block_on(workers::by_token(&self.cx(), &registered.token)).unwrap().unwrap()
    }

    /// When it was last heard of.
    pub(crate) fn seen_without_a_call(&self, worker: &Registered) -> i64 {
        let sql = "SELECT last_seen_at FROM worker_contacts WHERE worker_id = ?1";
        let rows = block_on(self.cx().sql(sql, &[(&worker.worker_id).into()])).unwrap();
        rows.first().unwrap().integer("last_seen_at").unwrap()
    }

    pub(crate) fn enqueue(&self, conversation_id: &str) {
        let command = Enqueue {
            conversation_id: conversation_id.to_owned(),
            agent_key: "a".to_owned(),
            provider: "app".to_owned(),
            provider_user_id: "5".to_owned(),
            text: "hi".to_owned(),
            ..Enqueue::default()
        };
        block_on(queue::enqueue(&self.cx(), &command, None)).unwrap();
    }

    /// A worker that has done a message of the conversation.
    pub(crate) fn holder(&self, conversation_id: &str) -> Registered {
        let worker = self.worker();
        self.works_on(&worker, conversation_id);
        worker
    }

    pub(crate) fn works_on(&self, worker: &Registered, conversation_id: &str) {
        self.pass(1_000_000);
        self.enqueue(conversation_id);
        let job = self.claim(worker, conversation_id);
        let ending = Ending { worker_id: &worker.worker_id, message_id: &job.message_id, lease_id: &job.lease_id };
        block_on(queue::complete(&self.cx(), ending)).unwrap();
    }

    pub(crate) fn claim(&self, worker: &Registered, conversation_id: &str) -> Job {
        block_on(queue::claim(&self.cx(), &self.seen(worker), Some(conversation_id))).unwrap().unwrap()
    }

    pub(crate) fn drain(&self, worker: &Registered) {
        let drain = WorkerEvent::DrainRequested { reason: DrainReason::Operator, deadline_at: self.now() + 60_000 };
        block_on(self.cx().append(&worker.worker_id, Expected::Any, &[drain])).unwrap();
    }

    pub(crate) fn try_start(&self, worker: &Registered, conversation_id: &str) -> Result<Started, OperationError> {
        let command = Start {
            workspace_id: "default".to_owned(),
            agent_key: "a".to_owned(),
            conversation_id: conversation_id.to_owned(),
            reason: Reason::Signal,
        };
        block_on(snapshots::start(&self.cx(), &self.keys, PUBLIC_URL, &self.seen(worker), &command))
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
        let finish = Finish { snapshot_id, storage_id, figures };
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
        block_on(snapshots::latest(&self.cx(), &self.keys, PUBLIC_URL, &self.seen(worker), of))
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

    pub(crate) fn status(&self, snapshot_id: &str) -> String {
        let rows = self.rows(&format!("SELECT status FROM snapshots WHERE snapshot_id = '{snapshot_id}'"));
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

    /// A query's rows, in an order that does not depend on how they were made.
    pub(crate) fn whole_rows(&self, sql: &str) -> Vec<String> {
        let rows = block_on(self.ledger.engine().execute(sql, &[])).unwrap();
        let mut rows: Vec<String> = rows.rows.iter().map(|row| format!("{row:?}")).collect();
        rows.sort_unstable();
        rows
    }

    /// The first column of a query's rows, as text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        let rows = block_on(self.ledger.engine().execute(sql, &[])).unwrap();
        let text = |row: &Vec<clawstead_ledger::Value>| match &row[0] {
            clawstead_ledger::Value::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        rows.rows.iter().map(text).collect()
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

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, OperationError>) -> &'static str {
    match outcome {
        Err(OperationError::Refused(refusal)) => refusal.code,
        other => panic!("{other:?} is no refusal"),
    }
}

/// SplitMix64.
fn dice() -> Dice {
    let state = Cell::new(1_u64);
    Box::new(move |buffer| {
        for byte in buffer {
            state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mixed = (state.get() ^ (state.get() >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 32) as u8;
        }
    })
}
