//! The HTTP listener of an emulator.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_service::Service;

/// How long open requests may go on after the listener was told to stop: long polls would hold it.
const GRACE: Duration = Duration::from_millis(200);

/// A running listener.
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A bound address on which nothing is served yet, so that its port is known to what will be served.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    pub(crate) async fn to(address: SocketAddr) -> anyhow::Result<Bound> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        Ok(Bound { listener, address })
    }

    pub(crate) fn serve(self, router: Router) -> Server {
        let listener = self.listener.tap_io(|stream| {
            // Without it, answers made of two small segments wait for delayed acknowledgements.
            let _ = stream.set_nodelay(true);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
                let _ = stopped.await;
            });
            if let Err(error) = serving.await {
                tracing::warn!(%error, "emulator listener ended");
            }
        });
        Server { address: self.address, stop, task }
    }
}

impl Server {
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let mut task = self.task;
        if tokio::time::timeout(GRACE, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Answers one request without a socket.
pub(crate) async fn call(router: &Router, request: Request<Bytes>) -> Response<Bytes> {
    let Ok(response) = router.clone().call(request.map(Body::from)).await;
    let (parts, body) = response.into_parts();
    // Bodies of emulators are in memory: reading one cannot fail.
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    Response::from_parts(parts, body)
}
