//! One of every operation on files and snapshots.

use clawstead_domain::conversation::{AttachmentKind, Ending};
use clawstead_domain::snapshot::{Figures, Reason, Start};
use clawstead_operations::files::{self, Action, Broken, Incoming, Link, Links, NewAttachment, SqliteStore};
use clawstead_operations::snapshots::{self, Finish};
use clawstead_operations::workers::Worker;
use clawstead_operations::{Cx, OperationError, queue, workers};
use clawstead_vault::{KeyRing, sha256_hex};

use crate::recording::Recording;
use crate::world::command;

const BYTES: &[u8] = b"bytes";

struct Body(Option<Vec<u8>>);

impl Incoming for Body {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        Ok(self.0.take())
    }
}

/// Brings bytes through a link.
async fn bring(cx: &Cx<'_, Recording>, links: &Links<'_>, url: &str) -> Result<(), OperationError> {
    let token = url.rsplit('/').next().unwrap();
    let link = Link::parse(links.keys, token, Action::Upload, cx.now).unwrap();
    let clock = || cx.now + 10_000;
    files::receive(cx, &clock, &SqliteStore(cx.ledger), &link, "", &mut Body(Some(BYTES.to_vec()))).await.map(drop)
}

async fn fetch(cx: &Cx<'_, Recording>, links: &Links<'_>, url: &str) -> Result<(), OperationError> {
    let link = Link::parse(links.keys, url.rsplit('/').next().unwrap(), Action::Download, cx.now).unwrap();
    let mut outgoing = files::open(cx, link).await?;
    while outgoing.next(cx, &|| cx.now, &SqliteStore(cx.ledger)).await?.is_some() {}
    Ok(())
}

pub(crate) async fn files(cx: &Cx<'_, Recording>, keys: &KeyRing) -> Result<(), OperationError> {
    let links = Links { keys, public_url: "https://example.org", direct: None };
    let made = files::expect_attachment(cx, &links).await?;
    bring(cx, &links, &made.upload_url).await?;
    let photo = NewAttachment {
        kind: AttachmentKind::Photo,
        storage_id: made.file_id,
        telegram_file_id: None,
        file_name: None,
        mime_type: None,
        expires_at: None,
    };
    files::enqueue_with(cx, command("files", "look"), &[photo], None).await?;
    let registered = workers::register(cx, None).await?;
    let worker = workers::by_token(cx, &registered.token).await?.unwrap();
    workers::saw(cx, &worker).await?;
    let worker = workers::by_token(cx, &registered.token).await?.unwrap();
    let job = queue::claim(cx, &worker, Some("files")).await?.unwrap();
    assert_eq!(files::shown(cx, &links, &worker, &job.message).await?.len(), 1);
    let media = files::expect_media(cx, &links, &worker).await?;
    bring(cx, &links, &media.upload_url).await?;
    let url = files::file_url(cx, &links, &worker, &media.file_id).await?.unwrap();
    fetch(cx, &links, &url).await?;
    let ending = Ending { worker_id: &worker.worker_id, message_id: &job.message_id, lease_id: &job.lease_id };
    queue::complete(cx, ending).await?;
    snapshots(cx, &links, &worker).await?;
    let late = cx.at(cx.now + 8 * 86_400_000);
    snapshots::retire(&late, 10).await?;
    files::collect(&late, &SqliteStore(cx.ledger), 10).await.map(drop)
}

async fn snapshots(cx: &Cx<'_, Recording>, links: &Links<'_>, worker: &Worker) -> Result<(), OperationError> {
    let command = Start {
        workspace_id: "default".to_owned(),
        agent_key: "a".to_owned(),
        conversation_id: "files".to_owned(),
        reason: Reason::Manual,
    };
    for _ in 0..7 {
        let started = snapshots::start(cx, links, worker, &command).await?;
        bring(cx, links, &started.upload_url).await?;
        let figures = Figures { sha256: sha256_hex(BYTES), size_bytes: 5 };
        snapshots::finish(cx, worker, &Finish { snapshot_id: &started.snapshot_id, storage_id: None, figures }).await?;
    }
    let failed = snapshots::start(cx, links, worker, &command).await?;
    snapshots::fail(cx, worker, &failed.snapshot_id, "x").await?;
    snapshots::start(cx, links, worker, &command).await?;
    let offer = snapshots::latest(cx, links, worker, ("default", "a", "files")).await?.unwrap();
    fetch(cx, links, &offer.download_url).await?;
    snapshots::say_fetched(cx, worker, &offer.snapshot_id, &offer.sha256).await?;
    assert_eq!(snapshots::list_for(cx, worker, "files", i64::MAX, 100).await?.len(), 9);
    Ok(())
}
