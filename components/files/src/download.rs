//! Bytes out.

use std::io;
use std::rc::Rc;

use bytes::Bytes;
use clawstead_operations::Cx;
use clawstead_operations::files::{self, Link, Outgoing};
use clawstead_service::spin::{Answer, App, Chunks, entropy, now};
use clawstead_service::{Call, Problem, Reply};
use futures::StreamExt;
use futures::stream;
use http::StatusCode;

/// Gives the bytes as they are taken. Never compressed: existing workers take what comes for the file itself.
pub(crate) async fn give(app: &Rc<App>, call: &Call, link: Link) -> Result<Answer, Problem> {
    let outgoing = files::open(&app.cx(call), link).await?;
    let headers = vec![
        ("content-length", outgoing.file.figures.size_bytes.to_string()),
        ("content-disposition", "attachment".to_owned()),
        ("cache-control", "private, no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    let head = Reply { status: StatusCode::OK, content_type: "application/octet-stream", body: Vec::new(), headers };
    let giver = Giver { app: app.clone(), actor: call.principal.actor(), correlation: call.correlation.clone(), outgoing };
    Ok(Answer { head, chunks: Some(giver.chunks()) })
}

/// Outlives the request, and reads a piece whenever the one before it has been taken.
struct Giver {
    app: Rc<App>,
    actor: String,
    correlation: String,
    outgoing: Outgoing,
}

impl Giver {
    fn chunks(self) -> Chunks {
        let next = async |mut giver: Self| match giver.next().await {
            Ok(Some(bytes)) => Some((Ok(Bytes::from(bytes)), giver)),
            Ok(None) => None,
            Err(error) => Some((Err(error), giver)),
        };
        stream::unfold(self, next).boxed_local()
    }

    async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let cx = Cx {
            ledger: &self.app.ledger,
            now: now(),
            entropy: &entropy,
            actor: self.actor.clone(),
            correlation: self.correlation.clone(),
        };
        let piece = self.outgoing.next(&cx, &now, &self.app.stores()).await;
        piece.map_err(|error| io::Error::other(error.to_string()))
    }
}
