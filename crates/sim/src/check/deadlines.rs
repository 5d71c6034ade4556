//! Every wait ends by its deadline, or soon after the faults do.

use std::collections::BTreeMap;

use anyhow::Result;

use super::log::{Event, open};
use super::{Findings, SLACK_MS};
use crate::world::Remains;

/// Something that does not go on for ever.
struct Wait {
    kind: &'static str,
    beginning: &'static str,
    /// The field of the beginning that says until when.
    deadline: &'static str,
    ends: &'static [&'static str],
}

const WAITS: &[Wait] = &[
    Wait { kind: "worker", beginning: "DrainRequested", deadline: "deadline_at", ends: &["TeardownStarted", "WorkerStopped"] },
    Wait { kind: "pairing", beginning: "PairingCreated", deadline: "expires_at", ends: &["PairingUsed", "PairingExpired"] },
    Wait {
        kind: "snapshot",
        beginning: "SnapshotStarted",
        deadline: "upload_by",
        ends: &["SnapshotReady", "SnapshotFailed", "SnapshotExpired"],
    },
];

pub(super) fn check(events: &[Event], remains: &Remains, findings: &mut Findings) -> Result<()> {
    for wait in WAITS {
        ends_in_time(wait, events, remains, findings);
    }
    let connection = open(&remains.database)?;
    let mut statement = connection
        .prepare("SELECT what, id, at FROM due WHERE at < ?1 UNION ALL SELECT what, id, at FROM due_pushes WHERE at < ?1")?;
    let overdue = statement.query_map([remains.end_ms - SLACK_MS], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    for row in overdue {
        let (what, id, at) = row?;
        findings.add("waits-end-in-time", format!("{what} {id} was due at {at}, and the run ended at {}", remains.end_ms));
    }
    Ok(())
}

fn ends_in_time(wait: &Wait, events: &[Event], remains: &Remains, findings: &mut Findings) {
    let beginning = wait.beginning;
    let mut open: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == wait.kind) {
        if event.type_ == beginning {
            open.insert(&event.id, (event.position, event.number(wait.deadline)));
        } else if wait.ends.contains(&event.type_.as_str())
            && let Some((position, deadline)) = open.remove(event.id.as_str())
            && event.at > deadline.max(remains.calm_ms) + SLACK_MS
        {
            let late = event.at - deadline;
            let text = format!("what {beginning} of {position} began ended {late} ms late, at {}", event.position);
            findings.add("waits-end-in-time", text);
        }
    }
    for (id, (position, deadline)) in open {
        if deadline + SLACK_MS < remains.end_ms {
            let text = format!("what {beginning} of {position} began for {} {id} never ended", wait.kind);
            findings.add("waits-end-in-time", text);
        }
    }
}
