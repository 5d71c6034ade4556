//! The programs that run on machines: claim and complete, and hand in what they know before they end.

use clawstead_domain::conversation::Ending;
use clawstead_domain::snapshot::{Figures, Reason, Start};
use clawstead_operations::files::{self, Action, Broken, Incoming, Link, Links, SqliteStore};
use clawstead_operations::snapshots::{self, Finish};
use clawstead_operations::workers::Worker;
use clawstead_operations::{queue, workers};
use clawstead_vault::sha256_hex;
use futures::executor::block_on;

use crate::world::World;

const PUBLIC_URL: &str = "https://claw.test";
const MEMORY: &[u8] = b"what it knows";

impl World {
    /// What the programs on running machines do: claim and complete, or end when they are told to.
    pub(crate) fn programs_run(&self) {
        let running: Vec<(String, String, Option<String>)> = self
            .fly
            .machines
            .borrow()
            .iter()
            .filter(|machine| machine.state == "started")
            .map(|machine| {
                let env = &machine.config["env"];
                let url = env["CONVEX_URL"].as_str().unwrap_or_default();
                let wanted = env["OPENCLAW_CONVERSATION_ID"].as_str().map(str::to_owned);
                (machine.id.clone(), url.rsplit('/').next().unwrap().to_owned(), wanted)
            })
            .collect();
        for (machine_id, token, wanted) in running {
            if !self.dead.borrow().contains(&machine_id) {
                self.program_runs(&machine_id, &token, wanted.as_deref());
            }
        }
    }

    fn program_runs(&self, machine_id: &str, token: &str, wanted: Option<&str>) {
        self.with_cx(|cx| {
            let Some(worker) = block_on(workers::by_token(cx, token)).unwrap() else { return };
            block_on(workers::saw(cx, &worker)).unwrap();
            if !worker.state.takes_work() {
                if self.hands_in.get() {
                    self.hand_in(&worker);
                    self.fly.exit(machine_id);
                }
                return;
            }
            if let Some(job) = block_on(queue::claim(cx, &worker, wanted)).unwrap() {
                if self.hangs.get() {
                    return self.dead.borrow_mut().push(machine_id.to_owned());
                }
                let ending = Ending { message_id: &job.message_id, lease_id: &job.lease_id, worker_id: &worker.worker_id };
                block_on(queue::complete(cx, ending)).unwrap();
            }
        });
    }

    /// Uploads a whole good snapshot of the worker's conversation, if it has had one.
    pub(crate) fn hand_in(&self, worker: &Worker) {
        let Some(started) = self.begin_to_hand_in(worker) else { return };
        self.finish_handing_in(worker, &started);
    }

    /// The beginning of it alone.
    pub(crate) fn begin_to_hand_in(&self, worker: &Worker) -> Option<snapshots::Started> {
        let holds = "SELECT DISTINCT conversation_id AS id FROM messages WHERE worker_id = ?1";
        let conversation_id =
            self.with_cx(|cx| block_on(cx.sql(holds, &[(&worker.worker_id).into()]))).unwrap().first()?.text("id")?;
        let command =
            Start { workspace_id: "default".to_owned(), agent_key: "a".to_owned(), conversation_id, reason: Reason::Signal };
        let links = Links { keys: &self.keys, public_url: PUBLIC_URL, direct: None };
        self.with_cx(|cx| block_on(snapshots::start(cx, &links, worker, &command))).ok()
    }

    /// The rest of it.
    pub(crate) fn finish_handing_in(&self, worker: &Worker, started: &snapshots::Started) {
        let token = started.upload_url.rsplit('/').next().unwrap();
        let link = Link::parse(&self.keys, token, Action::Upload, self.now()).unwrap();
        let figures = Figures { sha256: sha256_hex(MEMORY), size_bytes: MEMORY.len() as i64 };
        let finish = Finish { snapshot_id: &started.snapshot_id, storage_id: Some(&link.file_id), figures };
        self.with_cx(|cx| {
            let store = SqliteStore(cx.ledger);
            let mut body = Body(Some(MEMORY.to_vec()));
            block_on(files::receive(cx, &|| self.now(), &store, &link, "application/gzip", &mut body)).unwrap();
            block_on(snapshots::finish(cx, worker, &finish)).unwrap();
        });
    }

    /// The worker whose machine this is.
    pub(crate) fn worker_on(&self, machine_id: &str) -> Worker {
        let worker_id = self.fly.machines.borrow().iter().find(|machine| machine.id == machine_id).unwrap().name.clone();
        self.with_cx(|cx| block_on(workers::by_id(cx, &worker_id))).unwrap().unwrap()
    }
}

struct Body(Option<Vec<u8>>);

impl Incoming for Body {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        Ok(self.0.take())
    }
}
