//! Files in an object store: a real S3 server in this process.

use clawstead_domain::snapshot::{Reason, Start};
use clawstead_operations::OperationError;
use clawstead_operations::files::{self, Broken, Incoming, Links, Objects};
use clawstead_operations::snapshots::{self, Started};
use clawstead_operations::workers::Registered;
use clawstead_s3::{Bucket, BucketSettings, Client, PART_BYTES_MIN};
use clawstead_s3_emulator::{ACCESS_KEY, BUCKET, NativeTransport, REGION, S3, SECRET_KEY};
use clawstead_vault::sha256_hex;
use futures::executor::block_on;

use crate::memory::{Body, DAY, PUBLIC_URL, noise, wall_clock};
use crate::world::{World, code};

/// A world that keeps its files in a server's bucket. Its clock is behind the server's, because its workers take their time,
/// and is never a quarter of an hour ahead: signatures of then are refused.
async fn with_objects() -> (World, S3) {
    let server = S3::start().await.unwrap();
    let world = World::new();
    world.objects.set(Objects::new(bucket(&server), "test")).unwrap();
    world.pass(wall_clock() - 1_500_000 - world.now());
    (world, server)
}

fn bucket(server: &S3) -> Bucket {
    Bucket::new(BucketSettings {
        endpoint: server.endpoint(),
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
    })
    .unwrap()
}

/// An object that is put there behind our back.
async fn put(server: &S3, key: &str) {
    let bucket = bucket(server);
    let client = Client::new(NativeTransport::default(), &bucket);
    let mut upload = client.begin(key, wall_clock()).await.unwrap();
    client.add(&mut upload, b"bytes".to_vec(), wall_clock()).await.unwrap();
    client.complete(&upload, wall_clock()).await.unwrap();
}

async fn begin(server: &S3, key: &str) {
    Client::new(NativeTransport::default(), &bucket(server)).begin(key, wall_clock()).await.unwrap();
}

impl World {
    /// A worker of our own begins an upload: it speaks to the store itself.
    fn start_direct(&self, worker: &Registered, conversation_id: &str) -> Started {
        let links = Links { keys: &self.keys, public_url: PUBLIC_URL, direct: self.objects.get() };
        let command = Start {
            workspace_id: "default".to_owned(),
            agent_key: "a".to_owned(),
            conversation_id: conversation_id.to_owned(),
            reason: Reason::Signal,
        };
        block_on(snapshots::start(&self.cx(), &links, &self.seen(worker), &command)).unwrap()
    }

    fn finish_direct(&self, worker: &Registered, started: &Started, bytes: &[u8]) -> Result<(), OperationError> {
        let store = self.object_store().unwrap();
        let clock = || self.now();
        block_on(snapshots::take_in(&self.cx(), &clock, &store, &self.seen(worker), &started.snapshot_id))?;
        self.try_finish(worker, &started.snapshot_id, &started.file_id, bytes)
    }

    fn offered_directly(&self, worker: &Registered, conversation_id: &str) -> snapshots::Offer {
        let links = Links { keys: &self.keys, public_url: PUBLIC_URL, direct: self.objects.get() };
        let of = ("default", "a", conversation_id);
        block_on(snapshots::latest(&self.cx(), &links, &self.seen(worker), of)).unwrap().unwrap()
    }
}

async fn brought(url: &str, bytes: &[u8]) -> bool {
    reqwest::Client::new().put(url).body(bytes.to_vec()).send().await.unwrap().status().is_success()
}

async fn fetched(url: &str) -> Vec<u8> {
    reqwest::get(url).await.unwrap().bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_come_out_as_they_went_in_whatever_their_parts() {
    let (world, server) = with_objects().await;
    let worker = world.holder("c");
    for length in [0, 1, PART_BYTES_MIN, PART_BYTES_MIN + 1, 2 * PART_BYTES_MIN + 700_000] {
        let bytes = noise(length);
        world.snapshot(&worker, "c", &bytes);
        assert!(world.fetch(&world.latest(&worker, "c").unwrap().download_url, 99) == bytes, "{length} bytes");
    }
    assert_eq!((server.keys().len(), server.unfinished().len(), world.stored_bytes()), (5, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_leaves_nothing_and_can_be_made_again() {
    let (world, server) = with_objects().await;
    let worker = world.holder("c");
    let good = world.snapshot(&worker, "c", b"good");
    let started = world.start(&worker, "c");
    let broken = world.upload(&started.upload_url, &mut Body::that_breaks(&noise(PART_BYTES_MIN + 10)));
    assert_eq!(code(broken), "upload_interrupted");
    assert_eq!((server.keys().len(), server.unfinished().len()), (1, 0));

    server.refuse(3);
    let trouble = world.upload(&started.upload_url, &mut Body::of(b"whole")).unwrap_err();
    assert!(matches!(trouble, OperationError::Outside { service: "s3", permanent: false, .. }), "{trouble}");
    assert_eq!(world.latest(&worker, "c").unwrap().snapshot_id, good, "W-37: the last good one is not hidden");
    world.fetch(&world.latest(&worker, "c").unwrap().download_url, 99);

    let storage_id = world.upload(&started.upload_url, &mut Body::of(b"whole")).unwrap();
    world.try_finish(&worker, &started.snapshot_id, &storage_id, b"whole").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn w40_what_has_no_owner_is_removed_and_what_has_one_is_not() {
    let (world, server) = with_objects().await;
    let worker = world.holder("c");
    world.snapshot(&worker, "c", b"good");
    let kept = server.keys();
    let failed = world.start(&worker, "c");
    world.upload(&failed.upload_url, &mut Body::of(b"useless")).unwrap();
    world.fail(&worker, &failed.snapshot_id).unwrap();
    let unfinished = world.start_direct(&worker, "c");
    begin(&server, &format!("test/{}/attempt", unfinished.file_id)).await;
    assert_eq!((server.keys().len(), server.unfinished().len()), (2, 1));

    world.tidy();
    assert_eq!((server.keys(), server.unfinished().len()), (kept.clone(), 1), "its upload may yet be finished");
    world.pass(DAY);
    world.tidy();
    assert_eq!((server.keys(), server.unfinished().len()), (kept, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn w40_what_has_no_row_is_found_by_going_round_and_what_is_not_ours_is_left() {
    let (world, server) = with_objects().await;
    let worker = world.holder("c");
    world.snapshot(&worker, "c", b"good");
    let kept = server.keys();
    put(&server, "test/snapshot_lost/attempt").await;
    put(&server, "others/snapshot_lost/attempt").await;
    begin(&server, "test/snapshot_half/attempt").await;
    world.tidy();
    assert_eq!(server.keys(), [&["others/snapshot_lost/attempt".to_owned()], kept.as_slice()].concat());
    assert_eq!(server.unfinished(), Vec::<String>::new());

    put(&server, "test/snapshot_new/attempt").await;
    world.tidy();
    assert_eq!(server.keys().len(), 3, "a listing costs money, and is not made at every tick");
    world.pass(DAY);
    world.tidy();
    assert_eq!(server.keys().len(), 2);
}

/// Bytes before the last of which something happens.
struct HeldUp<F> {
    meanwhile: F,
    pieces: u32,
}

impl<F: AsyncFn()> Incoming for HeldUp<F> {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        self.pieces += 1;
        if self.pieces == 2 {
            (self.meanwhile)().await;
        }
        Ok((self.pieces < 3).then(|| noise(10)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w40_an_upload_that_is_held_up_until_nobody_wants_it_leaves_nothing() {
    let (world, server) = with_objects().await;
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    let removed = async || {
        world.pass(DAY);
        snapshots::retire(&world.cx(), 100).await.unwrap();
        files::collect(&world.cx(), &world.store(), 100).await.unwrap();
    };
    world.upload(&started.upload_url, &mut HeldUp { meanwhile: removed, pieces: 0 }).unwrap_err();
    assert_eq!((server.keys().len(), server.unfinished().len()), (0, 0));
    assert_eq!(world.texts("SELECT file_id FROM files"), Vec::<String>::new());

    let started = world.start(&worker, "c");
    // The collector looked before the upload had begun, and its row goes before the last bytes come.
    let row_gone = async || drop(world.cx().sql("DELETE FROM files", &[]).await.unwrap());
    let late = world.upload(&started.upload_url, &mut HeldUp { meanwhile: row_gone, pieces: 0 });
    assert_eq!(code(late), "file_not_found");
    assert_eq!((server.keys().len(), server.unfinished().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_our_own_brings_and_fetches_without_us() {
    let (world, server) = with_objects().await;
    let worker = world.holder("c");
    let started = world.start_direct(&worker, "c");
    assert!(started.upload_url.starts_with(&server.endpoint()));
    assert_eq!(code(world.finish_direct(&worker, &started, b"memory")), "upload_not_finished");

    assert!(brought(&started.upload_url, b"memory").await);
    assert_eq!(code(world.finish_direct(&worker, &started, b"others")), "invalid_field", "SHA-256 is ours to find out");
    world.finish_direct(&worker, &started, b"memory").unwrap();
    world.finish_direct(&worker, &started, b"memory").unwrap();
    assert_eq!(server.keys().len(), 1);

    assert!(brought(&started.upload_url, b"changed").await, "its URL is good for a while yet");
    let next = world.holder("c");
    let offer = world.offered_directly(&next, "c");
    assert_eq!(fetched(&offer.download_url).await, b"memory", "and does not reach what was taken in");
    world.pass(DAY);
    world.tidy();
    assert_eq!((world.snapshot_status(&started.snapshot_id).as_str(), server.keys().len()), ("ready", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn w43_what_was_brought_without_us_is_bounded_too() {
    let (world, server) = with_objects().await;
    world.retention(|policy| policy.snapshot_bytes_max = 5);
    let worker = world.holder("c");
    let started = world.start_direct(&worker, "c");
    assert!(brought(&started.upload_url, b"memory").await);
    assert_eq!(code(world.finish_direct(&worker, &started, b"memory")), "file_too_large");
    assert_eq!(server.keys(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_fetches_without_us_says_so_and_proves_it() {
    let (world, _server) = with_objects().await;
    let first = world.holder("c");
    world.snapshot(&first, "c", b"memory");
    let next = world.worker();
    let offer = world.offered_directly(&next, "c");
    let say = |sha256: &str| block_on(snapshots::say_fetched(&world.cx(), &world.seen(&next), &offer.snapshot_id, sha256));
    let stranger = world.worker();
    let not_offered =
        block_on(snapshots::say_fetched(&world.cx(), &world.seen(&stranger), &offer.snapshot_id, &sha256_hex(b"memory")));
    assert_eq!(code(not_offered), "snapshot_not_found");
    assert_eq!(code(say(&sha256_hex(b"guessed"))), "invalid_field");
    world.works_on(&next, "c");
    world.snapshot(&next, "c", b"hollow");
    assert_eq!(world.latest(&next, "c").unwrap().snapshot_id, offer.snapshot_id, "it had not fetched what it was offered");

    for _ in 0..2 {
        say(&sha256_hex(b"memory")).unwrap();
    }
    world.works_on(&next, "c");
    let more = world.snapshot(&next, "c", b"more");
    assert_eq!(world.latest(&next, "c").unwrap().snapshot_id, more);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_can_be_changed_while_there_are_files() {
    let server = S3::start().await.unwrap();
    let world = World::new();
    world.pass(wall_clock() - world.now());
    let worker = world.holder("c");
    world.snapshot(&worker, "c", b"in the database");
    world.objects.set(Objects::new(bucket(&server), "test")).unwrap();
    assert_eq!(world.fetch(&world.latest(&worker, "c").unwrap().download_url, 9), b"in the database");
    world.works_on(&worker, "c");
    world.snapshot(&worker, "c", b"in the bucket");
    assert_eq!((world.stored_bytes(), server.keys().len()), (15, 1));
    assert_eq!(world.fetch(&world.latest(&worker, "c").unwrap().download_url, 9), b"in the bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_removed_keeps_no_other() {
    let (mut world, _server) = with_objects().await;
    let worker = world.holder("c");
    let one = world.start(&worker, "c");
    world.upload(&one.upload_url, &mut Body::of(b"in the bucket")).unwrap();
    let objects = world.objects.take().unwrap();
    let two = world.start(&worker, "c");
    world.upload(&two.upload_url, &mut Body::of(b"in the database")).unwrap();
    world.pass(DAY);
    block_on(snapshots::retire(&world.cx(), 100)).unwrap();
    block_on(files::collect(&world.cx(), &world.store(), 100)).unwrap_err();
    assert_eq!((world.stored_bytes(), world.texts("SELECT file_id FROM files")), (0, vec![one.file_id]));
    world.objects.set(objects).unwrap();
    world.tidy();
    assert_eq!(world.texts("SELECT file_id FROM files"), Vec::<String>::new());
}
