use super::*;
use crate::config::RetentionPolicy;

const NOW: i64 = 1_000_000;

fn snapshot(status: Status) -> Snapshot {
    let figures = (status == Status::Ready).then(|| figures("aa", 5));
    Snapshot {
        snapshot_id: "s".into(),
        stream_version: 1,
        worker_id: "w".into(),
        status,
        file_id: "f".into(),
        upload_by: NOW + 1,
        figures,
        superseded: false,
    }
}

fn figures(sha256: &str, size_bytes: i64) -> Figures {
    Figures { sha256: sha256.to_owned(), size_bytes }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> &'static str {
    outcome.unwrap_err().code
}

fn finished(snapshot: &Snapshot) -> Result<Option<SnapshotEvent>, Refusal> {
    finish(snapshot, "w", "f", &figures("AA", 5), Some(&figures("aa", 5)), NOW)
}

#[test]
fn every_state_takes_its_own_commands_only() {
    assert!(matches!(finished(&snapshot(Status::Uploading)), Ok(Some(SnapshotEvent::SnapshotReady { .. }))));
    assert_eq!(finished(&snapshot(Status::Ready)), Ok(None));
    assert_eq!(code(finished(&snapshot(Status::Failed))), "snapshot_already_failed");
    assert_eq!(code(finished(&snapshot(Status::Expired))), "snapshot_expired");
    assert!(matches!(fail(&snapshot(Status::Uploading), "w", "x"), Ok(Some(SnapshotEvent::SnapshotFailed { .. }))));
    assert_eq!(fail(&snapshot(Status::Failed), "w", "x"), Ok(None));
    assert_eq!(code(fail(&snapshot(Status::Ready), "w", "x")), "snapshot_already_ready");
    assert_eq!(code(fail(&snapshot(Status::Expired), "w", "x")), "snapshot_expired");
}

#[test]
fn figures_must_be_those_of_the_bytes() {
    let uploading = snapshot(Status::Uploading);
    let try_with = |sha256: &str, size: i64, arrived: Option<&Figures>| {
        finish(&uploading, "w", "f", &figures(sha256, size), arrived, NOW).unwrap_err()
    };
    let arrived = figures("aa", 5);
    assert_eq!(try_with("bb", 5, Some(&arrived)).field, Some("sha256"));
    assert_eq!(try_with("aa", -5, Some(&arrived)).field, Some("size_bytes"));
    assert_eq!(try_with("aa", 5, None).code, "upload_not_finished");
    assert_eq!(
        code(finish(&uploading, "w", "other", &arrived, Some(&arrived), NOW)),
        "invalid_field",
        "another object cannot be passed off as its bytes"
    );
}

#[test]
fn another_worker_does_not_learn_that_it_exists() {
    let ready = snapshot(Status::Ready);
    assert_eq!(code(finish(&ready, "x", "f", &figures("aa", 5), None, NOW)), "snapshot_not_found");
    assert_eq!(code(fail(&ready, "x", "e")), "snapshot_not_found");
}

#[test]
fn an_upload_that_is_overdue_cannot_be_finished_any_more() {
    let late = Snapshot { upload_by: NOW, ..snapshot(Status::Uploading) };
    assert_eq!(code(finished(&late)), "snapshot_expired");
    assert!(expire(&late, Expiry::Unfinished, NOW).is_some());
    assert!(expire(&snapshot(Status::Uploading), Expiry::Unfinished, NOW).is_none());
}

#[test]
fn only_superseded_ones_age() {
    let newest = snapshot(Status::Ready);
    let older = Snapshot { superseded: true, ..newest.clone() };
    for reason in [Expiry::Count, Expiry::Age] {
        assert!(expire(&newest, reason, i64::MAX).is_none());
        assert!(expire(&older, reason, NOW).is_some());
    }
    assert!(expire(&older, Expiry::Unfinished, i64::MAX).is_none());
}

fn started(assignment: &Assignment) -> Result<SnapshotEvent, Refusal> {
    let command =
        Start { workspace_id: "default".into(), agent_key: "a".into(), conversation_id: "c".into(), reason: Reason::Signal };
    start(&command, "w", assignment, "f".into(), &RetentionPolicy::default(), NOW)
}

fn assigned() -> Assignment {
    Assignment { agent_key: Some("a".into()), is_last_holder: true, ..Assignment::default() }
}

#[test]
fn only_the_last_holder_of_the_conversation_uploads() {
    assert!(started(&assigned()).is_ok());
    assert_eq!(code(started(&Assignment { is_last_holder: false, ..assigned() })), "conversation_not_yours");
    assert_eq!(code(started(&Assignment { agent_key: None, ..assigned() })), "conversation_not_found");
    assert_eq!(code(started(&Assignment { agent_key: Some("b".into()), ..assigned() })), "conversation_of_another_agent");
    assert_eq!(code(started(&Assignment { uploads: 4, ..assigned() })), "too_many_uploads");
}

#[test]
fn who_did_not_fetch_what_it_was_offered_makes_nothing_to_start_from() {
    let restorable = |offered: Option<&str>, fetched: bool| match started(&Assignment {
        offered: offered.map(str::to_owned),
        fetched,
        ..assigned()
    }) {
        Ok(SnapshotEvent::SnapshotStarted { restorable, based_on, .. }) => (restorable, based_on),
        other => panic!("{other:?}"),
    };
    assert_eq!(restorable(None, false), (true, None));
    assert_eq!(restorable(Some("s"), true), (true, Some("s".to_owned())));
    assert_eq!(restorable(Some("s"), false), (false, None));
}
