//! SIGTERM for a task.

use tokio::sync::watch;

/// The sender's side: says stop, at most once.
pub struct Stop(watch::Sender<bool>);

/// The worker's side.
#[derive(Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// A connected pair.
    pub fn pair() -> (Stop, Shutdown) {
        let (stop, shutdown) = watch::channel(false);
        (Stop(stop), Shutdown(shutdown))
    }

    /// One that never comes.
    pub fn never() -> Shutdown {
        Shutdown::pair().1
    }

    /// Whether it has been requested.
    pub fn requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is requested; for ever when nobody can request it any more.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Stop {
    /// Requests the shutdown.
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}
