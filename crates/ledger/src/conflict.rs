//! The one place where the text of a refused append becomes a reason.

use crate::engine::EngineError;

/// Why the database refused an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The stream has another version: mostly because another writer was first.
    Version,
    /// The dedup key is in the log already.
    Dedup,
    /// A rule across streams: the name given to `RAISE`, or the columns of a unique index as `table.column,column`.
    Rule(String),
    /// Something else than a rule: a busy, full or broken database.
    Trouble,
}

/// Tells the reasons apart. The texts are SQLite's own, and Spin and libSQL hand them on.
pub(crate) fn classify(error: &EngineError) -> Conflict {
    let text = error.0.as_str();
    if let Some((_, rest)) = text.split_once("rule:") {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        return match name.as_str() {
            "not_the_next_version" => Conflict::Version,
            "dedup_key_is_taken" => Conflict::Dedup,
            _ => Conflict::Rule(name),
        };
    }
    let Some((_, columns)) = text.split_once("UNIQUE constraint failed: ") else {
        return Conflict::Trouble;
    };
    if columns.starts_with("events.dedup_key") {
        return Conflict::Dedup;
    }
    if columns.starts_with("events.stream") {
        return Conflict::Version;
    }
    Conflict::Rule(short_columns(columns))
}

/// `bindings.a, bindings.b` becomes `bindings.a,b`.
fn short_columns(columns: &str) -> String {
    let end = columns.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ',' | ' '))).unwrap_or(columns.len());
    let mut parts = columns[..end].trim().split(", ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| format!("{name},{}", part.split_once('.').map_or(part, |(_, column)| column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Conflict {
        classify(&EngineError(text.to_owned()))
    }

    #[test]
    fn every_text_has_its_reason() {
        assert_eq!(reason("UNIQUE constraint failed: events.stream, events.version"), Conflict::Version);
        assert_eq!(reason("UNIQUE constraint failed: events.dedup_key"), Conflict::Dedup);
        assert_eq!(reason("rule:not_the_next_version"), Conflict::Version);
        assert_eq!(reason("rule:dedup_key_is_taken"), Conflict::Dedup);
        assert_eq!(reason("rule:worker_not_claimable"), Conflict::Rule("worker_not_claimable".into()));
        assert_eq!(
            reason("UNIQUE constraint failed: bindings.active_telegram_user_id, bindings.bot_id"),
            Conflict::Rule("bindings.active_telegram_user_id,bot_id".into())
        );
        assert_eq!(reason("database is locked"), Conflict::Trouble);
    }

    #[test]
    fn a_prefix_or_suffix_of_the_engine_does_not_matter() {
        assert_eq!(reason("SQLite error: rule:log_is_immutable (1811)"), Conflict::Rule("log_is_immutable".into()));
        assert_eq!(
            reason("Io(\"UNIQUE constraint failed: leases.conversation_id\")"),
            Conflict::Rule("leases.conversation_id".into())
        );
    }
}
