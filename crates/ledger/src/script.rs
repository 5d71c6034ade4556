//! Just enough reading of our own migration files to run and to rename what they hold.

use std::collections::HashMap;

/// Splits a file into statements. A statement ends at a line that ends in `;`, a trigger at the line `END;`.
pub(crate) fn statements(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    for line in script.lines().filter(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty()) {
        current.push(line);
        let is_trigger = current[0].starts_with("CREATE TRIGGER");
        let ends = if is_trigger { line == "END;" } else { line.ends_with(';') };
        if ends {
            statements.push(current.join("\n").trim_end_matches(';').to_owned());
            current.clear();
        }
    }
    debug_assert!(current.is_empty(), "a statement without an end: {current:?}");
    statements
}

/// What a `CREATE` statement makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    Table,
    Index,
    Trigger,
    View,
}

/// The sort and name of the object that a `CREATE … IF NOT EXISTS <name>` statement makes.
pub(crate) fn created(statement: &str) -> Option<(Object, &str)> {
    let (head, rest) = statement.split_once(" IF NOT EXISTS ")?;
    let object = match head {
        "CREATE TABLE" => Object::Table,
        "CREATE INDEX" | "CREATE UNIQUE INDEX" => Object::Index,
        "CREATE TRIGGER" => Object::Trigger,
        "CREATE VIEW" => Object::View,
        _ => return None,
    };
    let name = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next()?;
    Some((object, name))
}

/// Words that a table, an index or a trigger follows.
const BEFORE_A_NAME: [&str; 6] = ["EXISTS", "INTO", "FROM", "JOIN", "ON", "UPDATE"];

/// Replaces names of tables, indexes and triggers, outside of quoted text. A column may be called as a table is; it stays.
pub(crate) fn rename(statement: &str, names: &HashMap<String, String>) -> String {
    let mut renamed = String::with_capacity(statement.len() + 64);
    let (mut word, mut word_before) = (String::new(), String::new());
    let mut quoted = false;
    for c in statement.chars().chain(['\n']) {
        if !quoted && (c.is_ascii_alphanumeric() || c == '_') {
            word.push(c);
            continue;
        }
        let is_name = c == '.' || BEFORE_A_NAME.contains(&word_before.as_str());
        let is_column = renamed.ends_with('.');
        let new = names.get(&word).filter(|_| is_name && !is_column);
        renamed.push_str(new.unwrap_or(&word));
        if !word.is_empty() {
            word_before = std::mem::take(&mut word);
        }
        renamed.push(c);
        quoted ^= c == '\'';
    }
    renamed.pop();
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_one_statement() {
        let script = "-- why\nCREATE TABLE IF NOT EXISTS a (x);\n\nCREATE TRIGGER IF NOT EXISTS a_t AFTER INSERT ON f\nBEGIN\n  DELETE FROM a;\n  SELECT 1;\nEND;\n";
        let found = statements(script);
        assert_eq!(found.len(), 2);
        assert_eq!(created(&found[0]), Some((Object::Table, "a")));
        assert_eq!(created(&found[1]), Some((Object::Trigger, "a_t")));
    }

    #[test]
    fn only_whole_identifiers_outside_quotes_are_renamed() {
        let names = HashMap::from([("a".to_owned(), "z".to_owned())]);
        assert_eq!(
            rename("INSERT INTO a (ab, x) SELECT a.x, 'a', '$.a' FROM a", &names),
            "INSERT INTO z (ab, x) SELECT z.x, 'a', '$.a' FROM z"
        );
    }

    #[test]
    fn a_column_that_is_called_as_a_table_stays() {
        let names = HashMap::from([("agents".to_owned(), "z".to_owned()), ("keys".to_owned(), "y".to_owned())]);
        let renamed = |statement| rename(statement, &names);
        assert_eq!(
            renamed("CREATE TABLE IF NOT EXISTS keys (\n  id TEXT,\n  agents TEXT\n)"),
            "CREATE TABLE IF NOT EXISTS y (\n  id TEXT,\n  agents TEXT\n)"
        );
        assert_eq!(
            renamed("INSERT INTO keys (id, agents) SELECT a.id, a.agents FROM agents a JOIN keys ON agents.id = a.agents"),
            "INSERT INTO y (id, agents) SELECT a.id, a.agents FROM z a JOIN y ON z.id = a.agents"
        );
        assert_eq!(
            renamed("UPDATE keys SET agents = NEW.agents WHERE id IN (SELECT id FROM agents)"),
            "UPDATE y SET agents = NEW.agents WHERE id IN (SELECT id FROM z)"
        );
    }
}
