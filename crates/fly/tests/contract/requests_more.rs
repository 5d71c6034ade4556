//! Leases, metadata, commands, copies of volumes, and listings of an organization.

use std::collections::BTreeMap;
use std::time::Duration;

use clawstead_fly::{ApiToken, Lease, Organization, Outcome, Snapshot, Unknown};
use clawstead_transport::{Matcher, ScriptedTransport, TotalTimeout};
use futures::executor::block_on;
use serde_json::json;

use super::requests::{answering, body, checked, line};
use super::{BASE, TOKEN, machines};

const NONCE: &str = "fly-machine-lease-nonce";

#[test]
fn a_machine_is_started_and_uncordoned() {
    let transport = answering("");
    assert_eq!(block_on(machines(&transport).start_machine("m1")), Outcome::Done(()));
    assert_eq!(line(&transport), "POST /machines/m1/start");

    let transport = answering("");
    assert_eq!(block_on(machines(&transport).uncordon_machine("m1")), Outcome::Done(()));
    assert_eq!(line(&transport), "POST /machines/m1/uncordon");
}

#[test]
fn a_lease_is_taken_used_and_given_back() {
    for answer in [r#"{"nonce": "n1", "expires_at": 7}"#, r#"{"status": "success", "data": {"nonce": "n1", "expires_at": 7}}"#] {
        let transport = answering(answer);
        let lease = block_on(machines(&transport).take_lease("m1", 30, "teardown")).done().expect("scripted");
        assert_eq!((lease.nonce.as_str(), lease.expires_at), ("n1", 7));
        assert!(!format!("{lease:?}").contains("n1"));
        assert_eq!(line(&transport), "POST /machines/m1/lease");
        assert_eq!(body(&transport), json!({"ttl": 30, "description": "teardown"}));
    }

    let transport = answering("");
    assert_eq!(block_on(machines(&transport).holding("n1").delete_machine("m1", false)), Outcome::Done(()));
    assert_eq!(checked(&transport).0.headers()[NONCE], "n1");

    let transport = answering("[]");
    assert_eq!(block_on(machines(&transport).holding("n1").list_volumes()), Outcome::Done(vec![]));
    assert!(!checked(&transport).0.headers().contains_key(NONCE), "a lease is told only where a machine is changed");

    let transport = answering("");
    let lease = Lease { nonce: "n1".to_owned(), expires_at: 7 };
    assert_eq!(block_on(machines(&transport).release_lease("m1", &lease)), Outcome::Done(()));
    assert_eq!(line(&transport), "DELETE /machines/m1/lease");
    assert_eq!(checked(&transport).0.headers()[NONCE], "n1");
}

#[test]
fn metadata_is_read_and_changed_only_if_nobody_else_did() {
    let transport = answering(r#"{"a": "1"}"#);
    let read = block_on(machines(&transport).metadata("m1")).done().expect("scripted");
    assert_eq!(read["a"], "1");
    assert_eq!(line(&transport), "GET /machines/m1/metadata");

    let transport = answering("");
    let changes = BTreeMap::from([("a".to_owned(), "2".to_owned())]);
    assert_eq!(block_on(machines(&transport).set_metadata("m1", &changes, Some("v1"))), Outcome::Done(()));
    assert_eq!(line(&transport), "PATCH /machines/m1/metadata");
    assert_eq!(body(&transport), json!({"metadata": {"a": "2"}, "machine_version": "v1"}));
}

#[test]
fn a_command_that_failed_is_an_answer_and_one_without_a_code_is_none() {
    let transport = answering(r#"{"exit_code": 3, "stdout": "out", "stderr": "err"}"#);
    let ended = block_on(machines(&transport).exec("m1", &["cat", "/data/x"], 10)).done().expect("scripted");
    assert_eq!((ended.exit_code, ended.stdout.as_str(), ended.stderr.as_str()), (3, "out", "err"));
    assert!(!format!("{ended:?}").contains("out"));
    assert_eq!(line(&transport), "POST /machines/m1/exec");
    assert_eq!(body(&transport), json!({"command": ["cat", "/data/x"], "timeout": 10}));
    assert_eq!(checked(&transport).0.extensions().get(), Some(&TotalTimeout(Duration::from_secs(15))));

    let silent = block_on(machines(&answering(r#"{"stdout": "ok"}"#)).exec("m1", &["true"], 10));
    assert_eq!(silent, Outcome::Unknown(Unknown::Malformed));
}

#[test]
fn a_volume_is_copied_and_only_a_complete_copy_counts() {
    let transport = answering("");
    assert_eq!(block_on(machines(&transport).snapshot_volume("vol_1")), Outcome::Done(()));
    assert_eq!(line(&transport), "POST /volumes/vol_1/snapshots");

    let listing = r#"[{"id": "vs_1", "status": "created", "created_at": "2026-01-02T03:04:05Z", "retention_days": 5},
        {"id": "vs_2", "status": "pending"}, {"id": "vs_3"}]"#;
    let transport = answering(listing);
    let copies = block_on(machines(&transport).list_snapshots("vol_1")).done().expect("scripted");
    assert_eq!(line(&transport), "GET /volumes/vol_1/snapshots");
    assert_eq!(copies.iter().map(Snapshot::is_complete).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn an_organization_is_listed_page_by_page() {
    let organization = |transport: &ScriptedTransport| {
        Organization::new(transport.clone(), BASE, ApiToken::parse(TOKEN).expect("a good token"), "our org")
    };
    let transport = answering(
        r#"{"machines": [{"id": "m1", "app_name": "a", "state": "started"}], "next_cursor": "c2", "error_regions": ["ams"]}"#,
    );
    let page = block_on(organization(&transport).list_machines(None)).done().expect("scripted");
    assert_eq!(line(&transport), "GET /v1/orgs/our%20org/machines");
    assert_eq!((page.items[0].app_name.as_str(), page.items[0].item.id.as_str()), ("a", "m1"));
    assert_eq!((page.next_cursor.as_deref(), page.missing_regions), (Some("c2"), vec!["ams".to_owned()]));

    let transport = answering(r#"{"volumes": [{"id": "vol_1", "app_name": "a"}], "next_cursor": ""}"#);
    let page = block_on(organization(&transport).list_volumes(Some("c2"))).done().expect("scripted");
    assert_eq!(line(&transport), "GET /v1/orgs/our%20org/volumes?cursor=c2");
    assert_eq!(page.next_cursor, None);
}

#[test]
fn somebody_elses_lease_is_a_conflict() {
    let transport = ScriptedTransport::new().answer(Matcher::any(), 409, r#"{"error": "lease currently held"}"#);
    let outcome = block_on(machines(&transport).take_lease("m1", 30, "x"));
    assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.kind == clawstead_fly::RefusalKind::Conflict));
}
