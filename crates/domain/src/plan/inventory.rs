//! What there is: the reconciler's view of workers, of the queue, and of what the provider lists.

use std::collections::BTreeMap;

use super::Setback;
use crate::worker::State;

/// Everything that a plan is made from.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Workers that have not stopped, in the order in which they were asked for. External ones may be left out while they are
    /// silent.
    pub workers: Vec<Worker>,
    /// Heads of conversations that can be claimed now, best rank first; at least as many as there are workers, and one more.
    pub waiting: Vec<Head>,
    /// What the provider lists, app by app. An app that could not be listed is left out: nothing is known of it then.
    pub listings: Vec<Listing>,
    /// Regions that had no room when they were last asked.
    pub full_regions: BTreeMap<String, Setback>,
    /// Workers of the wanted app that were lost before they took anything, one after another.
    pub failed_boots: Option<Setback>,
    /// Since when somebody has looked at the workers without a break. Silence before that is nobody's fault but ours.
    pub watching_since: i64,
}

/// A worker that has not stopped: its row, its last contact and its lease.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Its id; also the name of its machine.
    pub worker_id: String,
    /// Whether its machine is ours to make and to remove.
    pub is_ours: bool,
    /// Where it is in its life.
    pub state: State,
    /// App that holds its machine.
    pub app_name: Option<String>,
    /// Its volume, once it is known.
    pub volume_id: Option<String>,
    /// Its machine, once it is known.
    pub machine_id: Option<String>,
    /// When its machine became known.
    pub machine_created_at: Option<i64>,
    /// Conversation it was made for.
    pub wanted_for: Option<String>,
    /// How many conversations it may work for.
    pub conversations_max: i64,
    /// Conversation of its last claim.
    pub conversation_id: Option<String>,
    /// When it was asked for.
    pub requested_at: i64,
    /// Its first contact.
    pub seen_at: Option<i64>,
    /// Its last contact.
    pub last_seen_at: Option<i64>,
    /// When it last took a message.
    pub last_claim_at: Option<i64>,
    /// When it last ended one.
    pub last_ended_at: Option<i64>,
    /// When its last live lease ends, unless it is renewed.
    pub lease_ends_at: Option<i64>,
    /// Whether a message waits that only it should take, now or soon.
    pub has_work: bool,
    /// Conversations that it worked for since it last handed in what it knows of them.
    pub unsaved: Vec<String>,
    /// When its machine was started once more, so that it can hand that in.
    pub restarted_at: Option<i64>,
    /// Since when nobody waits for that any more.
    pub abandoned_at: Option<i64>,
    /// When a copy of its volume was begun.
    pub volume_snapshot_at: Option<i64>,
    /// Its volume is not deleted before.
    pub volume_keep_until: Option<i64>,
    /// When the provider had no room for it.
    pub capacity_refused_at: Option<i64>,
    /// Its drain ends then at the latest.
    pub drain_deadline_at: Option<i64>,
    /// Since when its machine is being removed.
    pub teardown_at: Option<i64>,
    /// Since when its machine is gone.
    pub machine_gone_at: Option<i64>,
    /// Since when its volume is gone.
    pub volume_gone_at: Option<i64>,
}

/// The next message of a conversation.
#[derive(Debug, Clone)]
pub struct Head {
    /// The conversation.
    pub conversation_id: String,
    /// The worker that had its last message, and has it still.
    pub worker_id: Option<String>,
    /// Whether there is a snapshot to start from. Published workers look for one only when they boot.
    pub has_memory: bool,
}

/// What the provider lists of one app.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The app.
    pub app: String,
    /// Whether the provider says that there is no such app: then nothing is left in it, and nothing can be made in it.
    pub is_missing: bool,
    /// Its machines, foreign ones included.
    pub machines: Vec<Machine>,
    /// Its volumes, foreign ones included.
    pub volumes: Vec<Volume>,
}

/// A machine as the provider lists it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The provider's id.
    pub machine_id: String,
    /// The worker that its tag names; none when the tag is not ours.
    pub worker_id: Option<String>,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether its host answers. If not, the phase is an old one.
    pub reachable: bool,
    /// When it was made, as far as the provider tells.
    pub created_at: Option<i64>,
}

/// Where a machine is in its life, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Made, not started yet.
    Created,
    /// Running, or on the way there, or nobody knows: to be taken for alive.
    Running,
    /// On the way to rest.
    Stopping,
    /// Its process has ended and nobody starts it again.
    AtRest,
    /// Being deleted.
    Leaving,
    /// Deleted.
    Gone,
}

/// A volume as the provider lists it.
#[derive(Debug, Clone)]
pub struct Volume {
    /// The provider's id.
    pub volume_id: String,
    /// The worker of this inventory that its name belongs to.
    pub worker_id: Option<String>,
    /// Whether its name carries our tag.
    pub is_tagged: bool,
    /// Whether a machine has it.
    pub is_attached: bool,
    /// Whether it is being deleted, or is deleted already.
    pub is_leaving: bool,
    /// When it was made, as far as the provider tells.
    pub created_at: Option<i64>,
}
