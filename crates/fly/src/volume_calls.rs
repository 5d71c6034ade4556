use clawstead_transport::Transport;
use http::Method;

use crate::call::Call;
use crate::{CreateVolume, Machines, Outcome, Snapshot, Volume};

impl<T: Transport> Machines<T> {
    /// Lists all volumes of the app.
    pub async fn list_volumes(&self) -> Outcome<Vec<Volume>> {
        self.ask(Call::new(Method::GET, &["volumes"])).await
    }

    /// Makes a volume. After [`Outcome::Unknown`] it may exist: list, and adopt it by its name and region.
    pub async fn create_volume(&self, volume: &CreateVolume) -> Outcome<Volume> {
        self.ask(Call::new(Method::POST, &["volumes"]).json(volume)).await
    }

    /// Reads one volume.
    pub async fn get_volume(&self, id: &str) -> Outcome<Volume> {
        self.ask(Call::new(Method::GET, &["volumes", id])).await
    }

    /// Deletes a volume. For up to a minute after its machine is gone the answer is
    /// [`crate::RefusalKind::Precondition`]: later, then.
    pub async fn delete_volume(&self, id: &str) -> Outcome<()> {
        self.tell(Call::new(Method::DELETE, &["volumes", id])).await
    }

    /// Begins a copy of a volume. It is complete some time later, cannot be deleted, and ends with its retention
    /// (outside-contracts.md). After [`Outcome::Unknown`] one may be under way.
    pub async fn snapshot_volume(&self, id: &str) -> Outcome<()> {
        self.tell(Call::new(Method::POST, &["volumes", id, "snapshots"])).await
    }

    /// Lists the copies of a volume.
    pub async fn list_snapshots(&self, id: &str) -> Outcome<Vec<Snapshot>> {
        self.ask(Call::new(Method::GET, &["volumes", id, "snapshots"])).await
    }
}
