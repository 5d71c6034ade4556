//! A running host, from start to stop.

use http::{Request, Response};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::app::App;
use crate::assembly::{Assembly, assemble};
use crate::error::HostError;
use crate::options::HostOptions;
use crate::outbound::Body;
use crate::pool::Phase;
use crate::room::Room;
use crate::server::serve;

/// How long [`Host::stop`] lets requests, and what guests do after them, go on.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// How long instances may take to end once they are told to.
const END_MAX: Duration = Duration::from_secs(2);

/// An application that is being served. Dropping it ends it at once, [`stop`](Self::stop) in order.
pub struct Host {
    addr: SocketAddr,
    app: Arc<App>,
    phase: watch::Sender<Phase>,
    server: Option<JoinHandle<()>>,
    cron: JoinSet<()>,
    rooms: Vec<Arc<Room>>,
}

impl Host {
    pub(crate) async fn start(mut options: HostOptions) -> Result<Self, HostError> {
        let (listen, has_socket, given) = (options.listen, options.has_socket, options.listener.take());
        let (phase, _) = watch::channel(Phase::Serving);
        let Assembly { app, cron: tasks, rooms } = if has_socket {
            let phase = phase.subscribe();
            let assembly = tokio::task::spawn_blocking(move || assemble(&options, phase));
            assembly.await.map_err(|error| HostError::Engine(error.to_string()))??
        } else {
            // Without another thread, so that a simulation knows what runs after what.
            assemble(&options, phase.subscribe())?
        };

        let refused = |source| HostError::Listen { addr: listen, source };
        let listener = if has_socket { Some(listening(given, listen).await.map_err(refused)?) } else { None };
        let addr = listener.as_ref().map_or(Ok(listen), TcpListener::local_addr).map_err(refused)?;
        // Nobody else has seen this app yet.
        let _ = app.addr.set(addr);
        let server = listener.map(|listener| tokio::spawn(serve(listener, Arc::clone(&app), phase.subscribe())));
        let mut cron = JoinSet::new();
        for task in tasks {
            cron.spawn(task.run());
        }
        Ok(Self { addr, app, phase, server, cron, rooms })
    }

    /// `http://<address>:<port>`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where the host listens, or would listen.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers one request without a socket, as if a local client had sent it. It needs a `host`
    /// header or an absolute URI.
    pub async fn request(&self, request: Request<Body>) -> Response<Body> {
        self.app.handle(request, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Stops accepting, gives running requests and what guests do after them 5 s, and ends. When it
    /// returns, databases are closed.
    pub async fn stop(mut self) {
        self.cron.abort_all();
        self.phase.send_replace(Phase::Draining);
        let server = self.server.take();
        let drained = async {
            if let Some(server) = server {
                let abort = AbortOnDrop(server.abort_handle());
                let _ = server.await;
                drop(abort);
            }
            self.all_instances_gone().await;
        };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!("stopping although requests are still running");
        }
        self.phase.send_replace(Phase::Stopped);
        let _ = tokio::time::timeout(END_MAX, self.all_instances_gone()).await;
    }

    /// Ends as if the process had been killed: nothing that runs is waited for. When it returns, no guest runs and databases are
    /// closed.
    pub async fn kill(&self) {
        self.phase.send_replace(Phase::Stopped);
        self.all_instances_gone().await;
    }

    async fn all_instances_gone(&self) {
        for room in &self.rooms {
            room.empty().await;
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Stopped);
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

async fn listening(given: Option<std::net::TcpListener>, listen: SocketAddr) -> std::io::Result<TcpListener> {
    let Some(given) = given else {
        return TcpListener::bind(listen).await;
    };
    given.set_nonblocking(true)?;
    TcpListener::from_std(given)
}

/// Ends a task when nobody waits for it any more.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
