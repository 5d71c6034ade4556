//! The instances of one component: when they are made, how much they take on, when they end.
//!
//! The numbers are Spin's, so that what a component may keep between requests is the same.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus};

use crate::room::Room;
use crate::state::{Grant, GuestState, Services, new_store};
use crate::watched::Watched;

/// How many requests an instance serves in its life.
pub const REQUESTS_PER_INSTANCE: usize = 128;

/// How many requests an instance serves at the same time.
pub const CONCURRENT_REQUESTS_PER_INSTANCE: usize = 16;

/// How long an instance without work is kept.
pub const IDLE_INSTANCE_TIMEOUT: Duration = Duration::from_secs(1);

/// How far the host has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    /// No new requests; instances end when they have nothing to do.
    Draining,
    /// Instances end now.
    Stopped,
}

/// Makes instances of one component.
pub(crate) struct InstancePool {
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<GuestState>,
    pub(crate) grant: Arc<Grant>,
    pub(crate) services: Arc<Services>,
    pub(crate) room: Arc<Room>,
    pub(crate) request_timeout: Duration,
    pub(crate) phase: watch::Receiver<Phase>,
}

impl HandlerState for InstancePool {
    type StoreData = GuestState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<GuestState, Expiration, Worker>> {
        let place = self.room.enter(self.request_timeout).await?;
        let mut store = new_store(&self.engine, &self.grant, &self.services, Some(place));
        let proxy = self.pre.instantiate_async(&mut store).await?;
        let requests_max = match self.pre {
            ProxyPre::P3(_) => REQUESTS_PER_INSTANCE,
            // As in Spin: components of WASI 0.2 expect to be alone and to be fresh.
            ProxyPre::P2(_) => 1,
        };
        Ok(Instance {
            store,
            proxy,
            view: GuestState::http,
            expiration: Expiration {
                request_timeout: self.request_timeout,
                since: None,
                timer: Box::pin(tokio::time::sleep(self.request_timeout)),
                phase: Watched::new(self.phase.clone()),
                wanted: Watched::new(self.room.wanted()),
            },
            state: Worker { component: Arc::clone(&self.grant.component), requests_max, request_timeout: self.request_timeout },
        })
    }
}

/// What one instance takes on.
pub(crate) struct Worker {
    component: Arc<str>,
    requests_max: usize,
    request_timeout: Duration,
}

impl WorkerState for Worker {
    type StoreData = GuestState;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.requests_max {
            ShouldAccept::Never
        } else if concurrent >= CONCURRENT_REQUESTS_PER_INSTANCE {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, GuestState>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        Box::pin(tokio::time::sleep(self.request_timeout))
    }

    fn drop(&self, store: Store<GuestState>, result: Result<(), wasmtime::Error>) {
        if let Err(error) = result {
            tracing::error!(component = &*self.component, "instance failed: {error:?}");
        }
        drop(store);
    }
}

/// When one instance ends.
pub(crate) struct Expiration {
    request_timeout: Duration,
    /// The status, when the handler says that it began, and when that was by Tokio's clock, which a simulation may own.
    since: Option<(WorkerStatus, Instant, tokio::time::Instant)>,
    timer: Pin<Box<Sleep>>,
    phase: Watched<Phase>,
    wanted: Watched<usize>,
}

impl WorkerExpiration for Expiration {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, start: Instant) -> Poll<()> {
        let this = self.get_mut();
        let idle = status == WorkerStatus::Idle;
        let phase = this.phase.poll(cx).unwrap_or(Phase::Stopped);
        let wanted = this.wanted.poll(cx).unwrap_or_default();
        if phase == Phase::Stopped || idle && (phase == Phase::Draining || wanted > 0) {
            return Poll::Ready(());
        }
        let patience = if idle { IDLE_INSTANCE_TIMEOUT } else { this.request_timeout };
        let since = match this.since {
            Some((known, began, since)) if (known, began) == (status, start) => since,
            _ => this.since.insert((status, start, tokio::time::Instant::now())).2,
        };
        let deadline = since + patience;
        if this.timer.deadline() != deadline {
            this.timer.as_mut().reset(deadline);
        }
        this.timer.as_mut().poll(cx)
    }
}
