//! What the reconciler asks of whoever rents out machines, in the words of the plan.
//!
//! One module is one provider: it implements [`Provider`], is named in `clawstead_domain::config::PROVIDER_KINDS`, and is
//! handed in by the component. Nothing else knows which providers there are. An adapter calls once and says truly what came
//! of it; what to do about it, and when, is the reconciler's.

mod fly;
mod fly_listing;
mod trouble;
mod wanted;

use async_trait::async_trait;
use clawstead_domain::plan::{Listing, Phase, Worker};

pub use clawstead_fly::{Budget, Pace, Timer};
pub use fly::Fly;
pub use trouble::{Trouble, TroubleKind};
pub use wanted::{Environment, MachineWanted, VolumeWanted};

/// What a provider lists of an app.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// In the words of the plan.
    pub listing: Listing,
    /// A machine that carries the name of this deployment and that another log knows. Then nothing in the app that this log does
    /// not know is taken for ours.
    pub clash: Option<String>,
}

/// Makes, lists and removes machines and volumes, in groups that are called apps.
///
/// Everything that it makes carries the tag of the deployment, and a name that is made from the worker's id: so a creation
/// whose answer was lost is found in a listing. Removing what is not there is success.
#[async_trait(?Send)]
pub trait Provider {
    /// Its name, as in the policy `provider` and in the rows of workers.
    fn kind(&self) -> &'static str;

    /// Whether calls can be made at all, without making one.
    ///
    /// # Errors
    /// When the credentials are missing or malformed.
    fn ready(&self) -> Result<(), Trouble>;

    /// Lists an app, foreign things included. `workers` are those whose things it may hold; `log_id` is that of the log that
    /// knows them.
    ///
    /// # Errors
    /// When the listing is not complete. An app that does not exist is a listing.
    async fn list(&self, app: &str, workers: &[Worker], log_id: &str) -> Result<Listed, Trouble>;

    /// Makes a volume, and gives its id.
    ///
    /// # Errors
    /// After [`TroubleKind::Unknown`] it may exist.
    async fn create_volume(&self, app: &str, wanted: &VolumeWanted<'_>) -> Result<String, Trouble>;

    /// Makes and starts a machine, and gives its id.
    ///
    /// # Errors
    /// After [`TroubleKind::Unknown`] it may exist.
    async fn create_machine(&self, app: &str, wanted: &MachineWanted<'_>) -> Result<String, Trouble>;

    /// Looks at one machine; none when there is none.
    ///
    /// # Errors
    /// When the provider does not say.
    async fn find_machine(&self, app: &str, machine_id: &str) -> Result<Option<Phase>, Trouble>;

    /// Starts a machine that is at rest.
    ///
    /// # Errors
    /// [`TroubleKind::Missing`] when there is none.
    async fn start_machine(&self, app: &str, machine_id: &str) -> Result<(), Trouble>;

    /// Asks a machine's process to end, with time enough to save what it knows, or without any.
    ///
    /// # Errors
    /// When the provider did not take the order.
    async fn stop_machine(&self, app: &str, machine_id: &str, at_once: bool) -> Result<(), Trouble>;

    /// Keeps new requests from the outside away from a machine.
    ///
    /// # Errors
    /// When the provider did not take the order.
    async fn cordon_machine(&self, app: &str, machine_id: &str) -> Result<(), Trouble>;

    /// Deletes a machine; with `force` also one that runs.
    ///
    /// # Errors
    /// [`TroubleKind::NotYet`] while it runs.
    async fn delete_machine(&self, app: &str, machine_id: &str, force: bool) -> Result<(), Trouble>;

    /// Whether there is such a volume, other than one that is being deleted.
    ///
    /// # Errors
    /// When the provider does not say.
    async fn has_volume(&self, app: &str, volume_id: &str) -> Result<bool, Trouble>;

    /// Deletes a volume.
    ///
    /// # Errors
    /// [`TroubleKind::NotYet`] while a machine has it.
    async fn delete_volume(&self, app: &str, volume_id: &str) -> Result<(), Trouble>;

    /// Begins a copy of a volume, which outlives it.
    ///
    /// # Errors
    /// [`TroubleKind::Missing`] when there is no such volume; after [`TroubleKind::Unknown`] a copy may be under way.
    async fn snapshot_volume(&self, app: &str, volume_id: &str) -> Result<(), Trouble>;

    /// When the newest complete copy of a volume was begun, ms since the epoch; none when there is none.
    ///
    /// # Errors
    /// When the provider does not say.
    async fn newest_snapshot(&self, app: &str, volume_id: &str) -> Result<Option<i64>, Trouble>;
}
