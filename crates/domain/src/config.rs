//! Policies: what the operator may change at run time. Every one is an event; what was never changed has its default.

mod limits;
mod messages;
mod prices;
mod telegram;
mod webhooks;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use limits::LimitsPolicy;
pub use messages::MessagesPolicy;
pub use prices::PricesPolicy;
pub use telegram::TelegramPolicy;
pub use webhooks::WebhooksPolicy;

use crate::{DomainEvent, Refusal};

/// Events of one policy's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ConfigEvent {
    /// The operator set the policy; `value` is the whole of it.
    ConfigChanged {
        /// The policy, as its struct below serialises.
        value: Value,
    },
}

impl DomainEvent for ConfigEvent {
    const KIND: &'static str = "config";
}

/// Order and limits of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueuePolicy {
    /// Priority of a message that names none; 0 to 100, higher first.
    pub default_priority: i64,
    /// What one point of priority is worth in waiting: a head with ten points more is served as if it had come ten times this
    /// earlier. So priority orders conversations, and yet nobody starves.
    pub priority_point_ms: i64,
    /// So many messages that have not ended a conversation may hold; the next one is refused.
    pub conversation_messages_max: i64,
    /// So many messages that have not ended an agent may have; the next one is refused.
    pub agent_messages_max: i64,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self { default_priority: 50, priority_point_ms: 1_000, conversation_messages_max: 10_000, agent_messages_max: 10_000_000 }
    }
}

/// Leases and signs of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeasePolicy {
    /// How long a claim or a heartbeat holds.
    pub lease_ms: i64,
    /// After so long without contact a worker keeps no conversation.
    pub silent_after_ms: i64,
    /// A message whose lease was lost so often is dead-lettered.
    pub max_deliveries: i64,
}

impl Default for LeasePolicy {
    fn default() -> Self {
        Self { lease_ms: 90_000, silent_after_ms: 60_000, max_deliveries: 5 }
    }
}

/// What happens after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// A message that failed so often is dead-lettered.
    pub max_attempts: i64,
    /// Upper end of the first delay.
    pub base_delay_ms: i64,
    /// Upper end of every delay.
    pub max_delay_ms: i64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 5, base_delay_ms: 1_000, max_delay_ms: 120_000 }
    }
}

impl RetryPolicy {
    /// Delay before try number `failures + 1`: exponential with full jitter, `roll` being a uniformly random number.
    pub fn delay_ms(&self, failures: i64, roll: u64) -> i64 {
        let doublings = u32::try_from(failures.clamp(1, 62) - 1).unwrap_or(0);
        let ceiling = self.base_delay_ms.saturating_mul(1_i64 << doublings).clamp(1, self.max_delay_ms);
        i64::try_from(roll % (ceiling.unsigned_abs() + 1)).unwrap_or(ceiling)
    }
}

/// How many machines, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScalingPolicy {
    /// Hard cap on machines that exist or are being made.
    pub machines_max: i64,
    /// At most so many new ones a tick.
    pub spawn_step: i64,
    /// So many machines wait for conversations that are new: they answer at once, and are billed for waiting.
    pub warm_workers: i64,
    /// So many conversations that wait are left to one worker. More than one is only for images whose workers take any
    /// conversation; those of the published ones keep to one for life.
    pub conversations_per_worker: i64,
    /// A worker without a job for so long is drained.
    pub idle_timeout_ms: i64,
    /// A drain ends after so long, whatever the worker does.
    pub drain_deadline_ms: i64,
    /// A machine whose worker has not called within this time is replaced.
    pub boot_timeout_ms: i64,
    /// The volume of a worker that could not hand in what it knows is kept for so long.
    pub salvage_ms: i64,
}

impl Default for ScalingPolicy {
    fn default() -> Self {
        Self {
            machines_max: 1,
            spawn_step: 1,
            warm_workers: 0,
            conversations_per_worker: 1,
            idle_timeout_ms: 1_800_000,
            drain_deadline_ms: 300_000,
            boot_timeout_ms: 300_000,
            salvage_ms: 7 * DAY_MS,
        }
    }
}

/// The kinds of provider that there are.
pub const PROVIDER_KINDS: [&str; 1] = ["fly"];

/// Where machines are made, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderPolicy {
    /// One of [`PROVIDER_KINDS`]; empty for none: then no machine is ever made.
    pub kind: String,
    /// Fly app that holds the machines.
    pub app_name: String,
    /// Image of the worker, by its digest: `registry/name@sha256:…`.
    pub image: String,
    /// Whether the image may be named by a tag. What a tag stands for can change between one machine and the next, so this is for
    /// trying things out.
    pub image_tags_allowed: bool,
    /// Regions of machine and volume; the next one is for when those before have no room.
    pub regions: Vec<String>,
    /// Where the volume is mounted.
    pub volume_path: String,
    /// Size of the volume, GB.
    pub volume_size_gb: i64,
    /// CPUs of the machine.
    pub cpus: i64,
    /// Memory of the machine, MB.
    pub memory_mb: i64,
    /// Whether the image's workers can do nothing without a bot token, as the published ones: then agents that have no bot are
    /// no reason for a machine.
    pub needs_bot: bool,
    /// What else goes into the machine's environment.
    pub environment: std::collections::BTreeMap<String, String>,
}

impl Default for ProviderPolicy {
    fn default() -> Self {
        Self {
            kind: String::new(),
            app_name: String::new(),
            image: String::new(),
            image_tags_allowed: false,
            regions: Vec::new(),
            volume_path: "/data".to_owned(),
            volume_size_gb: 10,
            cpus: 1,
            memory_mb: 2048,
            needs_bot: true,
            environment: std::collections::BTreeMap::new(),
        }
    }
}

/// How long what is stored is kept, and how much of it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionPolicy {
    /// Good snapshots of one conversation. The newest is kept whatever its age.
    pub snapshots_max: i64,
    /// A good snapshot that is not the newest of its conversation is kept for so long.
    pub snapshot_age_ms: i64,
    /// Longest snapshot, bytes.
    pub snapshot_bytes_max: i64,
    /// A file that a message refers to is kept for so long.
    pub attachment_age_ms: i64,
    /// Longest such file, bytes.
    pub attachment_bytes_max: i64,
    /// A message may refer to so many.
    pub attachments_max: i64,
    /// A sender or a conversation may have so many uploads of such files under way.
    pub uploads_max: i64,
    /// An upload must be finished within this time.
    pub upload_ms: i64,
    /// A link to a file works for so long.
    pub link_ms: i64,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self {
            snapshots_max: 5,
            snapshot_age_ms: 7 * DAY_MS,
            snapshot_bytes_max: 2 << 30,
            attachment_age_ms: 7 * DAY_MS,
            attachment_bytes_max: 50 << 20,
            attachments_max: 10,
            uploads_max: 100,
            upload_ms: 1_800_000,
            link_ms: 3_600_000,
        }
    }
}

/// A policy the operator can read and set by name.
pub trait Policy: Default + Serialize + for<'de> Deserialize<'de> {
    /// Its name in `/v1/config/<name>`, and the id of its stream.
    const NAME: &'static str;

    /// Checks all values together.
    ///
    /// # Errors
    /// A refusal that names the field.
    fn check(&self) -> Result<(), Refusal>;
}

const DAY_MS: i64 = 86_400_000;

const REGIONS_MAX: usize = 20;

fn within(field: &'static str, value: i64, least: i64, most: i64) -> Result<(), Refusal> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Refusal::invalid(field, format!("must be from {least} to {most}")))
}

/// Whether an image is named by its digest, so that every machine gets the same one.
fn is_pinned(image: &str) -> bool {
    let is_hex = |digest: &str| digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    image.split_once("@sha256:").is_some_and(|(name, digest)| !name.is_empty() && is_hex(digest))
}

impl Policy for QueuePolicy {
    const NAME: &'static str = "queue";

    fn check(&self) -> Result<(), Refusal> {
        within("default_priority", self.default_priority, 0, 100)?;
        within("priority_point_ms", self.priority_point_ms, 0, 3_600_000)?;
        within("conversation_messages_max", self.conversation_messages_max, 1, 100_000_000)?;
        within("agent_messages_max", self.agent_messages_max, 1, 100_000_000)
    }
}

impl Policy for LeasePolicy {
    const NAME: &'static str = "lease";

    fn check(&self) -> Result<(), Refusal> {
        within("lease_ms", self.lease_ms, 100, DAY_MS)?;
        within("silent_after_ms", self.silent_after_ms, 3_000, DAY_MS)?;
        within("max_deliveries", self.max_deliveries, 1, 1_000)
    }
}

impl Policy for RetryPolicy {
    const NAME: &'static str = "retry";

    fn check(&self) -> Result<(), Refusal> {
        within("max_attempts", self.max_attempts, 1, 1_000)?;
        within("base_delay_ms", self.base_delay_ms, 1, DAY_MS)?;
        within("max_delay_ms", self.max_delay_ms, self.base_delay_ms, DAY_MS)
    }
}

impl Policy for ScalingPolicy {
    const NAME: &'static str = "scaling";

    fn check(&self) -> Result<(), Refusal> {
        within("machines_max", self.machines_max, 0, 10_000)?;
        within("spawn_step", self.spawn_step, 1, 100)?;
        within("warm_workers", self.warm_workers, 0, self.machines_max)?;
        within("conversations_per_worker", self.conversations_per_worker, 1, 50)?;
        within("idle_timeout_ms", self.idle_timeout_ms, 100, 30 * DAY_MS)?;
        within("drain_deadline_ms", self.drain_deadline_ms, 100, DAY_MS)?;
        within("boot_timeout_ms", self.boot_timeout_ms, 100, DAY_MS)?;
        within("salvage_ms", self.salvage_ms, 0, 60 * DAY_MS)
    }
}

impl Policy for ProviderPolicy {
    const NAME: &'static str = "provider";

    fn check(&self) -> Result<(), Refusal> {
        if self.kind.is_empty() {
            return Ok(());
        }
        if !PROVIDER_KINDS.contains(&self.kind.as_str()) {
            let known = PROVIDER_KINDS.join(" or ");
            return Err(Refusal::invalid("kind", format!("must be {known}, or empty for no machines")));
        }
        for (field, value) in [("app_name", &self.app_name), ("image", &self.image), ("volume_path", &self.volume_path)] {
            crate::text::check_text(field, value, 512)?;
        }
        if !self.image_tags_allowed && !is_pinned(&self.image) {
            let why = "must name its digest (`registry/name@sha256:…`, 64 hex digits), unless `image_tags_allowed` is set";
            return Err(Refusal::invalid("image", why));
        }
        if self.regions.is_empty() || self.regions.len() > REGIONS_MAX {
            return Err(Refusal::invalid("regions", format!("must be from 1 to {REGIONS_MAX} regions, the first choice first")));
        }
        for region in &self.regions {
            crate::text::check_text("regions", region, 64)?;
        }
        within("volume_size_gb", self.volume_size_gb, 1, 500)?;
        within("cpus", self.cpus, 1, 16)?;
        within("memory_mb", self.memory_mb, 256, 131_072)
    }
}

impl Policy for RetentionPolicy {
    const NAME: &'static str = "retention";

    fn check(&self) -> Result<(), Refusal> {
        within("snapshots_max", self.snapshots_max, 1, 100)?;
        within("snapshot_age_ms", self.snapshot_age_ms, 1, 3_650 * DAY_MS)?;
        within("snapshot_bytes_max", self.snapshot_bytes_max, 1, 1 << 40)?;
        within("attachment_age_ms", self.attachment_age_ms, 1, 3_650 * DAY_MS)?;
        within("attachment_bytes_max", self.attachment_bytes_max, 1, 1 << 40)?;
        within("attachments_max", self.attachments_max, 0, 100)?;
        within("uploads_max", self.uploads_max, 1, 10_000)?;
        within("upload_ms", self.upload_ms, 100, DAY_MS)?;
        within("link_ms", self.link_ms, 100, 7 * DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_and_are_capped_after_the_jitter() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay_ms(1, 1_000), 1_000);
        assert_eq!(policy.delay_ms(3, 4_000), 4_000);
        assert_eq!(policy.delay_ms(1, 1_001), 0);
        for failures in [0, 8, 62, 1_000] {
            for roll in [0, 7, u64::MAX, 120_000] {
                assert!((0..=policy.max_delay_ms).contains(&policy.delay_ms(failures, roll)));
            }
        }
    }

    #[test]
    fn defaults_pass_their_own_check() {
        assert!(QueuePolicy::default().check().is_ok());
        assert!(LeasePolicy::default().check().is_ok());
        assert!(RetryPolicy::default().check().is_ok());
        assert!(ScalingPolicy::default().check().is_ok());
        assert!(ProviderPolicy::default().check().is_ok());
        assert!(RetentionPolicy::default().check().is_ok());
        assert!(PricesPolicy::default().check().is_ok());
    }

    #[test]
    fn an_image_is_pinned_by_its_digest_unless_the_operator_allows_tags() {
        let digest = "0123456789abcdef".repeat(4);
        let provider = |image: &str, image_tags_allowed| ProviderPolicy {
            kind: "fly".into(),
            app_name: "workers".into(),
            image: image.into(),
            image_tags_allowed,
            regions: vec!["fra".into()],
            ..ProviderPolicy::default()
        };
        for pinned in [format!("registry.fly.io/claw@sha256:{digest}"), format!("claw:v1@sha256:{digest}")] {
            assert!(provider(&pinned, false).check().is_ok(), "{pinned}");
        }
        let upper = digest.to_uppercase();
        for loose in ["claw", "claw:v1", "claw@sha256:00", &format!("@sha256:{digest}"), &format!("claw@sha256:{upper}")] {
            assert_eq!(provider(loose, false).check().unwrap_err().field, Some("image"), "{loose}");
            assert!(provider(loose, true).check().is_ok(), "{loose}");
        }
    }

    #[test]
    fn a_refusal_names_the_field() {
        let refusal = LeasePolicy { lease_ms: 5, ..LeasePolicy::default() }.check().unwrap_err();
        assert_eq!(refusal.field, Some("lease_ms"));
    }
}
