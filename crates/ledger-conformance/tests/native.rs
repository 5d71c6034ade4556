//! The suite on SQLite in this process, and what takes threads to see.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use std::path::Path;
use std::thread;

use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{AppendError, Durability, Expected, Ledger, Meta, NewEvent};
use futures::executor::block_on;
use ledger_conformance::cases;

fn open(folder: &Path) -> NativeEngine {
    block_on(NativeEngine::open(&folder.join("test.db"), Durability::Normal)).unwrap()
}

fn agent(id: &str, expected: Expected) -> NewEvent {
    let data = serde_json::json!({ "version": "1" });
    NewEvent { id: id.into(), expected, event_type: "AgentConfigured".into(), schema: 1, data, at: 0, dedup_key: None }
}

fn meta() -> Meta {
    Meta { actor: "test:1".into(), correlation: "c".into(), causation: None }
}

#[test]
fn every_case_passes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let reports: Vec<_> = cases().iter().map(|case| block_on(case.report(&engine))).collect();
    let failed: Vec<_> = reports.iter().filter(|report| report.failure.is_some()).collect();
    assert!(failed.is_empty(), "{} of {} failed: {failed:#?}", failed.len(), reports.len());
}

#[test]
fn threads_that_open_a_new_database_at_once_all_migrate_it() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for holder in ["a", "b", "c", "d"] {
            scope.spawn(|| {
                let ledger = Ledger::new(open(folder.path()));
                block_on(ledger.migrate(holder, 1_000)).unwrap();
                block_on(ledger.append("agent", &[agent("a", Expected::Any)], &meta())).unwrap();
            });
        }
    });
    assert_eq!(block_on(Ledger::new(open(folder.path())).head()).unwrap(), 4);
}

#[test]
fn of_threads_that_want_the_same_version_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    block_on(Ledger::new(open(folder.path())).migrate("test", 0)).unwrap();
    let wins: usize = thread::scope(|scope| {
        let race = || {
            let ledger = Ledger::new(open(folder.path()));
            let mut wins = 0;
            for version in 0..100 {
                match block_on(ledger.append("agent", &[agent("a", Expected::Version(version))], &meta())) {
                    Ok(()) => wins += 1,
                    Err(AppendError::Version) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            wins
        };
        let racers = [scope.spawn(race), scope.spawn(race), scope.spawn(race)];
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(wins, 100);
}

#[test]
fn a_rebuild_and_writing_threads_end_with_equal_views() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(open(folder.path()));
    block_on(ledger.migrate("test", 0)).unwrap();
    let path = folder.path();
    thread::scope(|scope| {
        for id in ["a", "b"] {
            scope.spawn(move || {
                let ledger = Ledger::new(open(path));
                for _ in 0..500 {
                    block_on(ledger.append("agent", &[agent(id, Expected::Any)], &meta())).unwrap();
                }
            });
        }
        for round in 0..5 {
            block_on(ledger.rebuild("test", round * 10_000_000, 50, |_| {})).unwrap();
        }
    });
    let rows = block_on(clawstead_ledger::Engine::execute(ledger.engine(), "SELECT stream_version FROM agents", &[])).unwrap();
    let versions: Vec<_> = rows.iter().filter_map(|row| row.integer("stream_version")).collect();
    assert_eq!(versions, [500, 500]);
}
