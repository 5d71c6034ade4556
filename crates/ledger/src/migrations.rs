//! The numbered files of `migrations/sqlite`, embedded.

/// Every stream kind; each has an intake and a feed.
pub const KINDS: &[&str] = &[
    "agent",
    "apikey",
    "binding",
    "broadcast",
    "chat",
    "config",
    "conversation",
    "outbox",
    "pairing",
    "pushjob",
    "pushtemplate",
    "secret",
    "skill",
    "snapshot",
    "subscription",
    "template",
    "worker",
];

/// The kinds of the first release; the others came with migrations of their own.
const FIRST_KINDS: &[&str] = &["agent", "apikey", "binding", "config", "conversation", "pairing", "secret", "worker"];

/// Every table that only triggers write, and that a rebuild makes anew.
pub const VIEW_TABLES: &[&str] = &[
    "agents",
    "bots",
    "retired_bots",
    "secrets",
    "retired_secrets",
    "api_keys",
    "configs",
    "bindings",
    "pairings",
    "workers",
    "conversations",
    "messages",
    "leases",
    "queue_heads",
    "queue_counters",
    "turns",
    "snapshots",
    "restores",
    "message_metadata",
    "queue_totals",
    "outbox",
    "outbox_chats",
    "outbox_counters",
    "chats",
    "message_files",
    "albums",
    "user_agents",
    "app_events",
    "subscriptions",
    "dead_deliveries",
    "unsaved_work",
    "full_regions",
    "machine_times",
    "message_costs",
    "cost_days",
    "failed_boots",
    "settings_position",
    "skill_streams",
    "skills",
    "skill_versions",
    "skill_releases",
    "templates",
    "template_texts",
    "api_key_companies",
    "conversation_failures",
    "push_templates",
    "push_jobs",
    "push_dispatches",
    "broadcasts",
];

/// Number of the newest migration.
pub const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

pub(crate) const BOOKKEEPING: &str = include_str!("../../../migrations/sqlite/0000_bookkeeping.sql");
const KIND_TEMPLATE: &str = include_str!("../../../migrations/sqlite/kind.template.sql");

/// A step of the schema. Steps are only ever added, and every statement of one can be run again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    content: Content,
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Tables(&'static str),
    View(&'static str),
    Kinds(&'static [&'static str]),
}

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../migrations/sqlite/", $name, ".sql"))
    };
}

macro_rules! view {
    ($version:literal, $name:literal, $file:literal) => {
        Migration { version: $version, name: $name, content: Content::View(file!($file)) }
    };
}

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "log", content: Content::Tables(file!("0001_log")) },
    Migration { version: 2, name: "operational", content: Content::Tables(file!("0002_operational")) },
    Migration { version: 3, name: "kinds", content: Content::Kinds(FIRST_KINDS) },
    view!(10, "agents", "0010_agents.view"),
    view!(11, "bots", "0011_bots.view"),
    view!(12, "secrets", "0012_secrets.view"),
    view!(13, "api_keys", "0013_api_keys.view"),
    view!(14, "configs", "0014_configs.view"),
    view!(15, "bindings", "0015_bindings.view"),
    view!(16, "pairings", "0016_pairings.view"),
    view!(20, "workers", "0020_workers.view"),
    view!(21, "queue", "0021_queue.view"),
    view!(22, "turns", "0022_turns.view"),
    view!(30, "due", "0030_due.view"),
    Migration { version: 40, name: "files", content: Content::Tables(file!("0040_files")) },
    Migration { version: 41, name: "snapshot_kind", content: Content::Kinds(&["snapshot"]) },
    view!(42, "snapshots", "0042_snapshots.view"),
    view!(43, "snapshot_accepted", "0043_snapshot_accepted.view"),
    view!(44, "message_metadata", "0044_message_metadata.view"),
    view!(45, "queue_totals", "0045_queue_totals.view"),
    view!(46, "message_repeated", "0046_message_repeated.view"),
    Migration { version: 50, name: "telegram_kinds", content: Content::Kinds(&["chat", "outbox"]) },
    view!(51, "outbox", "0051_outbox.view"),
    view!(52, "chats", "0052_chats.view"),
    view!(53, "message_files", "0053_message_files.view"),
    Migration { version: 55, name: "update_counters", content: Content::Tables(file!("0055_update_counters")) },
    view!(60, "user_agents", "0060_user_agents.view"),
    Migration { version: 61, name: "identity_rows", content: Content::Tables(file!("0061_identity_rows")) },
    view!(62, "app_events", "0062_app_events.view"),
    Migration { version: 63, name: "subscription_kind", content: Content::Kinds(&["subscription"]) },
    view!(64, "subscriptions", "0064_subscriptions.view"),
    view!(70, "unsaved_work", "0070_unsaved_work.view"),
    view!(71, "full_regions", "0071_full_regions.view"),
    view!(72, "drain_guard", "0072_drain_guard.view"),
    view!(75, "costs", "0075_costs.view"),
    view!(80, "failed_boots", "0080_failed_boots.view"),
    view!(90, "settings_position", "0090_settings_position.view"),
    Migration { version: 100, name: "skill_kind", content: Content::Kinds(&["skill"]) },
    view!(101, "skills", "0101_skills.view"),
    Migration { version: 110, name: "template_kind", content: Content::Kinds(&["template"]) },
    view!(111, "templates", "0111_templates.view"),
    view!(112, "api_key_companies", "0112_api_key_companies.view"),
    view!(113, "conversation_failures", "0113_conversation_failures.view"),
    Migration { version: 120, name: "push_kinds", content: Content::Kinds(&["broadcast", "pushjob", "pushtemplate"]) },
    view!(121, "push_templates", "0121_push_templates.view"),
    view!(122, "push_jobs", "0122_push_jobs.view"),
    view!(123, "broadcasts", "0123_broadcasts.view"),
    view!(124, "due_pushes", "0124_due_pushes.view"),
];

impl Migration {
    pub(crate) fn script(&self) -> String {
        match self.content {
            Content::Tables(script) | Content::View(script) => script.to_owned(),
            Content::Kinds(kinds) => kinds.iter().map(|kind| kind_script(kind)).collect(),
        }
    }
}

/// The scripts of all views, in order.
pub(crate) fn view_scripts() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().filter_map(|migration| match migration.content {
        Content::View(script) => Some(script),
        _ => None,
    })
}

/// Intake and feed of one kind.
pub(crate) fn kind_script(kind: &str) -> String {
    KIND_TEMPLATE.replace("{kind}", kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Object, created, statements};

    #[test]
    fn versions_ascend_and_every_statement_can_be_run_again() {
        assert!(MIGRATIONS.windows(2).all(|pair| pair[0].version < pair[1].version));
        for migration in MIGRATIONS {
            for statement in statements(&migration.script()) {
                assert!(created(&statement).is_some(), "{}: {statement}", migration.name);
            }
        }
    }

    /// SQLite makes a table of such a list, anew in each trigger that is asked.
    #[test]
    fn no_trigger_looks_for_its_event_in_a_list() {
        let of_types = "WHEN NEW.type IN (";
        for statement in view_scripts().flat_map(statements) {
            let list = statement.split_once(of_types).and_then(|(_, rest)| rest.split_once(')'));
            assert!(list.is_none_or(|(types, _)| types.split(',').count() <= 2), "{statement}");
        }
    }

    #[test]
    fn every_kind_has_a_migration() {
        let kinds = |migration: &Migration| match migration.content {
            Content::Kinds(kinds) => kinds.to_vec(),
            _ => Vec::new(),
        };
        let mut made: Vec<&str> = MIGRATIONS.iter().flat_map(kinds).collect();
        made.sort_unstable();
        assert_eq!(made, KINDS);
    }

    #[test]
    fn the_list_of_view_tables_is_complete() {
        let made: Vec<String> = view_scripts()
            .flat_map(statements)
            .filter_map(|statement| match created(&statement) {
                Some((Object::Table, name)) => Some(name.to_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(made, VIEW_TABLES);
    }
}
