//! Random histories of two workers' snapshots of one conversation, held against what is promised of every one.

use clawstead_operations::workers::Registered;
use proptest::prelude::*;

use crate::memory::{Body, DAY, noise};
use crate::world::World;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// The worker does a message, so that it is the last holder.
    Work(usize),
    Start(usize),
    Upload(usize),
    Finish(usize),
    Fail(usize),
    /// The worker asks for the newest one, and fetches the whole of it or not.
    Restore(usize, bool),
    Pass(i64),
    Tidy,
}

fn step() -> impl Strategy<Value = Step> {
    let worker = 0..2_usize;
    prop_oneof![
        worker.clone().prop_map(Step::Work),
        worker.clone().prop_map(Step::Start),
        worker.clone().prop_map(Step::Upload),
        worker.clone().prop_map(Step::Finish),
        worker.clone().prop_map(Step::Fail),
        (worker, any::<bool>()).prop_map(|(worker, whole)| Step::Restore(worker, whole)),
        prop_oneof![Just(1_000), Just(1_900_000), Just(9 * DAY)].prop_map(Step::Pass),
        Just(Step::Tidy),
    ]
}

/// What a test remembers of an upload.
struct Upload {
    worker: usize,
    snapshot_id: String,
    url: String,
    bytes: Vec<u8>,
    storage_id: Option<String>,
}

struct Story {
    world: World,
    workers: Vec<Registered>,
    uploads: Vec<Upload>,
    /// Snapshots whose finish was accepted.
    good: Vec<usize>,
}

impl Story {
    fn new() -> Self {
        let world = World::new();
        world.retention(|policy| policy.snapshots_max = 2);
        let workers = vec![world.holder("c"), world.worker()];
        Self { world, workers, uploads: Vec::new(), good: Vec::new() }
    }

    fn take(&mut self, step: Step) {
        let newest = |worker: usize| self.uploads.iter().rposition(|upload| upload.worker == worker);
        match step {
            Step::Work(worker) => self.world.works_on(&self.workers[worker], "c"),
            Step::Start(worker) => {
                let Ok(started) = self.world.try_start(&self.workers[worker], "c") else { return };
                let bytes = noise(300_000 + self.uploads.len());
                self.uploads.push(Upload {
                    worker,
                    snapshot_id: started.snapshot_id,
                    url: started.upload_url,
                    bytes,
                    storage_id: None,
                });
            }
            Step::Upload(worker) => {
                let Some(index) = newest(worker) else { return };
                let upload = &self.uploads[index];
                if self.world.link(&upload.url, clawstead_operations::files::Action::Upload).is_err() {
                    return;
                }
                let stored = self.world.upload(&upload.url, &mut Body::in_pieces(&upload.bytes, 70_000));
                self.uploads[index].storage_id = stored.ok().or(self.uploads[index].storage_id.take());
            }
            Step::Finish(worker) => {
                let Some(index) = newest(worker) else { return };
                let Upload { snapshot_id, bytes, storage_id: Some(storage_id), .. } = &self.uploads[index] else { return };
                let finished = self.world.try_finish(&self.workers[worker], snapshot_id, storage_id, bytes);
                if finished.is_ok() && !self.good.contains(&index) {
                    self.good.push(index);
                }
            }
            Step::Fail(worker) => {
                let Some(index) = newest(worker) else { return };
                let _refused_once_good = self.world.fail(&self.workers[worker], &self.uploads[index].snapshot_id);
            }
            Step::Restore(worker, whole) => {
                if let Ok(Some(offer)) = self.world.try_latest(&self.workers[worker], "c") {
                    self.world.fetch(&offer.download_url, if whole { 99 } else { 1 });
                }
            }
            Step::Pass(ms) => self.world.pass(ms),
            Step::Tidy => self.world.tidy(),
        }
    }

    fn check(&self) {
        let listed = self.world.list("c");
        let is_good = |index: &usize| {
            let snapshot = listed.iter().find(|view| view.snapshot_id == self.uploads[*index].snapshot_id);
            snapshot.is_some_and(|view| view.restorable)
        };
        // Uploads are remembered in the order in which they began.
        let newest = self.good.iter().filter(|index| is_good(index)).max();
        let asked = self.world.worker();
        let offer = self.world.latest(&asked, "c");
        let offered = offer.as_ref().map(|offer| offer.snapshot_id.as_str());
        assert_eq!(offered, newest.map(|index| self.uploads[*index].snapshot_id.as_str()), "the newest good one is offered");
        if let (Some(offer), Some(index)) = (&offer, newest) {
            assert_eq!(self.world.fetch(&offer.download_url, 99), self.uploads[*index].bytes, "and its bytes are whole");
        }
        self.world.tidy();
        self.world.tidy();
        let without_owner = "SELECT f.file_id FROM files f JOIN snapshots s ON s.file_id = f.file_id \
                             WHERE s.status IN ('failed', 'expired')";
        assert!(self.world.texts(without_owner).is_empty(), "bytes without an owner are gone");
        let missing = "SELECT s.snapshot_id FROM snapshots s LEFT JOIN files f ON f.file_id = s.file_id AND f.state = 'stored' \
                       WHERE s.status = 'ready' AND (f.file_id IS NULL OR f.size_bytes <> \
                       (SELECT sum(length(bytes)) FROM file_chunks k WHERE k.file_id = s.file_id))";
        assert!(self.world.texts(missing).is_empty(), "bytes with an owner are there");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_newest_good_snapshot_is_offered_whole_and_no_byte_is_kept_or_lost_wrongly(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let mut story = Story::new();
        for step in steps {
            story.take(step);
        }
        story.check();
    }
}
