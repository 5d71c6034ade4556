//! A real S3 server for tests: `s3s` checks signatures and speaks the protocol, `s3s-fs` keeps objects in a folder. Added are
//! the listing of unfinished uploads, which `s3s-fs` lacks, and trouble on demand.

mod listing;
mod transport;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, body::Body};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use listing::{Uploads, WithListing};

pub use transport::NativeTransport;

/// The bucket that there is.
pub const BUCKET: &str = "snapshots";
/// The region that requests are signed for.
pub const REGION: &str = "us-east-1";
/// Who may use it.
pub const ACCESS_KEY: &str = "test-access";
/// What he signs with.
pub const SECRET_KEY: &str = "test-secret";

/// A running server with one empty bucket. It ends with this value.
pub struct S3 {
    address: SocketAddr,
    folder: TempDir,
    uploads: Uploads,
    refusals: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl S3 {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When the machine does not let it.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join(BUCKET))?;
        let files = FileSystem::new(folder.path()).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let uploads = Uploads::default();
        let mut builder = S3ServiceBuilder::new(WithListing { files, uploads: uploads.clone() });
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let refusals = Arc::new(AtomicU32::new(0));
        let answer = async move |request: Request| match service.call(request.map(s3s::Body::http_body_unsync)).await {
            Ok(response) => response.map(Body::new),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        let router = Router::new().fallback(answer).layer(middleware::from_fn_with_state(refusals.clone(), refuse));
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, folder, uploads, refusals, task })
    }

    /// Where it is.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The keys of all objects, in their order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let root = self.folder.path().join(BUCKET);
        let mut keys = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(key) = path.strip_prefix(&root) {
                    keys.push(key.to_string_lossy().into_owned());
                }
            }
        }
        keys.sort_unstable();
        keys
    }

    /// The keys of uploads that have neither been completed nor aborted.
    #[must_use]
    pub fn unfinished(&self) -> Vec<String> {
        self.uploads.list("", "").into_iter().map(|(key, _)| key).collect()
    }

    /// Answers so many requests from now on with 503.
    pub fn refuse(&self, requests: u32) {
        self.refusals.store(requests, Ordering::SeqCst);
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn refuse(State(refusals): State<Arc<AtomicU32>>, request: Request, next: Next) -> Response {
    let left = refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if left.is_err() {
        return next.run(request).await;
    }
    (StatusCode::SERVICE_UNAVAILABLE, "<Error><Code>SlowDown</Code></Error>").into_response()
}
