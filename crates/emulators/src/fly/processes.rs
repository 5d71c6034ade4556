//! The processes inside machines: echo workers, as tasks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::lifecycle;
use super::{Inside, Shared};
use crate::worker::{Shutdown, Stop, Worker};

struct Process {
    stop: Stop,
    task: AbortHandle,
    /// Closed when the task has ended, whichever way.
    alive: watch::Receiver<()>,
}

/// The running process of each machine.
#[derive(Default)]
pub(crate) struct Processes {
    running: Mutex<BTreeMap<String, Process>>,
}

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) how: String,
}

impl Processes {
    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Process>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// SIGKILL.
    pub(crate) fn kill(&self, id: &str) {
        if let Some(process) = self.running().remove(id) {
            process.task.abort();
        }
    }

    /// SIGTERM, and SIGKILL after the timeout; says whether it ended by itself.
    pub(crate) async fn end(&self, id: &str, timeout: Duration) -> bool {
        let Some(process) = self.running().remove(id) else { return true };
        process.stop.now();
        let mut alive = process.alive;
        let ended = tokio::time::timeout(timeout, async move { while alive.changed().await.is_ok() {} });
        let in_time = ended.await.is_ok();
        process.task.abort();
        in_time
    }
}

/// Runs the process of a machine from its start to the end of its restarts.
pub(crate) fn spawn(shared: &Arc<Shared>, id: &str, run: u64, delay: Duration) {
    let (stop, shutdown) = Shutdown::pair();
    let (living, alive) = watch::channel(());
    // Held while the task is started, or a process that ends at once would be entered after its end.
    let mut running = shared.processes.running();
    let work = supervise(shared.clone(), id.to_owned(), run, delay, shutdown, living);
    let task = shared.tasks.spawn(work);
    running.insert(id.to_owned(), Process { stop, task, alive });
}

async fn supervise(shared: Arc<Shared>, id: String, run: u64, delay: Duration, shutdown: Shutdown, living: watch::Sender<()>) {
    let mut delay = delay;
    loop {
        tokio::select! {
            biased;
            () = tokio::time::sleep(delay) => {}
            () = shutdown.wait() => return,
        }
        let machine = shared.store.change(|state| lifecycle::started(state, &id, run));
        let Some(machine) = machine else { return };
        let mut env = machine.environment();
        env.extend(shared.options.worker_env.clone());
        let ended = live(&shared, env, shutdown.clone()).await;
        tracing::debug!(machine = id, code = ended.code, how = ended.how, "process ended");
        if !shared.store.change(|state| lifecycle::exited(state, &id, run, &ended)) {
            break;
        }
        delay = shared.delays().start();
    }
    drop(living);
    if shared.store.read(|state| lifecycle::removes_itself(state, &id)) {
        lifecycle::destroy(&shared, &id);
    }
}

/// Runs a process to its end, or to the end that the weather has for it.
async fn live(shared: &Shared, env: BTreeMap<String, String>, shutdown: Shutdown) -> Ended {
    let Some(own_end) = shared.sky.own_end() else { return execute(&shared.inside, env, shutdown).await };
    tokio::select! {
        ended = execute(&shared.inside, env, shutdown) => ended,
        () = tokio::time::sleep(own_end.after) => Ended { code: own_end.code, how: "by itself".to_owned() },
    }
}

/// A machine without `CONVEX_URL` holds something else than a worker: it just runs until it is stopped.
async fn execute(inside: &Inside, env: BTreeMap<String, String>, shutdown: Shutdown) -> Ended {
    if !env.contains_key("CONVEX_URL") {
        shutdown.wait().await;
        return Ended { code: 0, how: "signal".to_owned() };
    }
    let mut worker = Worker::new(env, inside.engine.clone());
    if let Some(web) = &inside.web {
        worker = worker.over(Arc::clone(web));
    }
    let exit = worker.run(shutdown).await;
    Ended { code: exit.code(), how: format!("{exit:?}") }
}
