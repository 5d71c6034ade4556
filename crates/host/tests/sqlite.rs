//! SQLite as a component sees it.

mod common;

use common::{Fixture, start_with};
use futures::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A host whose guests have connections of their own, and one whose guests share them.
async fn both() -> [Fixture; 2] {
    [start_with(|options| options).await, start_with(|options| options.shared_connections(true)).await]
}

fn error(outcome: &Value) -> &str {
    outcome["error"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn every_kind_of_value_comes_back() {
    for fixture in both().await {
        let statements = json!([[
            "SELECT ? AS nil, ? AS whole, ? AS part, ? AS words, ? AS bytes",
            null,
            9_007_199_254_740_993_i64,
            1.5,
            "żółw",
            [0, 255, 7],
        ]]);
        for path in ["/sql", "/sql-sync"] {
            let (status, body) = fixture.post(path, statements.to_string()).await;
            assert_eq!(status, 200, "{body}");
            let outcomes: Vec<Value> = serde_json::from_str(&body).expect("JSON");
            let expected = json!([[null, 9_007_199_254_740_993_i64, 1.5, "żółw", [0, 255, 7]]]);
            assert_eq!(outcomes[0]["rows"], expected, "{path}: {body}");
            let columns = json!(["nil", "whole", "part", "words", "bytes"]);
            assert_eq!(outcomes[0]["columns"], columns, "{path}");
        }
    }
}

#[tokio::test]
async fn changes_and_row_ids_are_the_connections() {
    for fixture in both().await {
        let outcomes = fixture
            .sql(json!([
                ["CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)"],
                ["INSERT INTO t (id, a) VALUES (7, 'x'), (9, 'y')"],
                ["UPDATE t SET a = 'z'"],
                ["INSERT INTO t (a) VALUES (?) RETURNING id", "new"],
            ]))
            .await;
        assert_eq!((&outcomes[1]["changes"], &outcomes[1]["last_insert_rowid"]), (&json!(2), &json!(9)));
        assert_eq!(outcomes[2]["changes"], 2);
        assert_eq!(outcomes[3]["rows"], json!([[10]]));
    }
}

#[tokio::test]
async fn errors_are_sqlites_own_words() {
    for fixture in both().await {
        let outcomes = fixture
            .sql(json!([
                ["CREATE TABLE t (a TEXT UNIQUE NOT NULL)"],
                ["INSERT INTO t VALUES ('x')"],
                ["INSERT INTO t VALUES ('x')"],
                ["INSERT INTO t VALUES (NULL)"],
                ["SELECT * FROM nowhere"],
                ["SELEKT"],
                ["SELECT ?, ?", 1],
                ["SELECT 1; SELECT 2"],
                ["CREATE TRIGGER no BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'rule: kept'); END"],
                ["DELETE FROM t"],
            ]))
            .await;
        for (index, expected) in [
            (2, "Error::Io(\"UNIQUE constraint failed: t.a\")"),
            (3, "Error::Io(\"NOT NULL constraint failed: t.a\")"),
            (4, "Error::Io(\"no such table: nowhere\")"),
            (5, "Error::Io(\"near \\\"SELEKT\\\": syntax error in SELEKT at offset 0\")"),
            (6, "Error::Io(\"Wrong number of parameters passed to query. Got 1, needed 2\")"),
            (7, "Error::Io(\"Multiple statements provided\")"),
            (9, "Error::Io(\"rule: kept\")"),
        ] {
            assert_eq!(error(&outcomes[index]), expected);
        }
    }
}

#[tokio::test]
async fn other_files_cannot_be_attached() {
    for fixture in both().await {
        let outcomes = fixture.sql(json!([["ATTACH '/tmp/other.db' AS other"], ["ATTACH ':memory:' AS scratch"]])).await;
        assert_eq!(error(&outcomes[0]), "Error::Io(\"not authorized\")");
        assert_eq!(error(&outcomes[1]), "");
    }
}

#[tokio::test]
async fn transactions_are_the_connections_own() {
    for fixture in both().await {
        let outcomes = fixture
            .sql(json!([
                ["CREATE TABLE t (a)"],
                ["BEGIN IMMEDIATE"],
                ["INSERT INTO t VALUES (1)"],
                ["ROLLBACK"],
                ["BEGIN"],
                ["INSERT INTO t VALUES (2)"],
                ["COMMIT"],
                ["SELECT a FROM t"],
            ]))
            .await;
        assert!(outcomes.iter().all(|outcome| outcome["error"].is_null()), "{outcomes:?}");
        assert_eq!(outcomes[7]["rows"], json!([[2]]));
    }
}

async fn counted(fixture: &Fixture) -> u64 {
    let outcome = &fixture.sql(json!([["SELECT count(*) FROM entry"]])).await[0];
    outcome["rows"][0][0].as_u64().expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_take_turns_and_none_is_lost() {
    for fixture in both().await {
        assert_eq!(fixture.text("/insert").await.0, 200);
        let inserts = join_all((0..200).map(|_| fixture.text("/insert"))).await;
        assert!(inserts.iter().all(|(status, _)| *status == 200), "{inserts:?}");
        assert_eq!(counted(&fixture).await, 201);
    }
}

/// On one thread, waiting inside SQLite would keep the holder of the lock from ever letting go.
#[tokio::test]
async fn waiting_for_a_transaction_holds_no_thread() {
    for fixture in both().await {
        fixture.text("/insert").await;
        let outside = rusqlite::Connection::open(fixture.data.path().join("default.db")).expect("opened");
        outside.execute_batch("BEGIN IMMEDIATE").expect("begun");
        let release = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(fixture.text("/empty").await.0, 200);
            outside.execute_batch("COMMIT").expect("committed");
        };
        let ((status, _), ()) = tokio::join!(fixture.text("/insert"), release);
        assert_eq!(status, 200);
        assert_eq!(counted(&fixture).await, 2);
    }
}

#[tokio::test]
async fn a_lock_that_is_not_released_is_an_error_after_five_seconds() {
    for fixture in both().await {
        fixture.text("/insert").await;
        let outside = rusqlite::Connection::open(fixture.data.path().join("default.db")).expect("opened");
        outside.execute_batch("BEGIN IMMEDIATE").expect("begun");
        let asked = Instant::now();
        let (status, error) = fixture.text("/insert").await;
        assert_eq!((status, error.as_str()), (500, "Error::Io(\"database is locked\")"));
        let waited = asked.elapsed();
        assert!((4.9..6.0).contains(&waited.as_secs_f64()), "{waited:?}");
        drop(outside);
        assert_eq!(fixture.text("/insert").await.0, 200);
    }
}

#[tokio::test]
async fn a_guest_may_choose_how_long_to_wait() {
    for fixture in both().await {
        fixture.text("/insert").await;
        let outside = rusqlite::Connection::open(fixture.data.path().join("default.db")).expect("opened");
        outside.execute_batch("BEGIN IMMEDIATE").expect("begun");
        let asked = Instant::now();
        let outcomes = fixture.sql(json!([["PRAGMA busy_timeout = 300"], ["INSERT INTO entry (word) VALUES ('x')"]])).await;
        assert_eq!(outcomes[0]["rows"], json!([[300]]));
        assert_eq!(error(&outcomes[1]), "Error::Io(\"database is locked\")");
        let waited = asked.elapsed();
        assert!((0.3..1.5).contains(&waited.as_secs_f64()), "{waited:?}");
    }
}

#[tokio::test]
async fn many_rows_come_whole() {
    for fixture in both().await {
        let query = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
            SELECT i, 'row ' || i FROM n";
        let outcome = &fixture.sql(json!([[query]])).await[0];
        let rows = outcome["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), 20_000);
        assert_eq!(rows[19_999], json!([20_000, "row 20000"]));
    }
}

/// Statements of many guests are committed together, and none notices what became of the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_at_once_fails_alone() {
    for fixture in both().await {
        fixture.sql(json!([["PRAGMA journal_mode = WAL"], ["CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)"]])).await;
        let insert = |n: u32| {
            fixture.sql(json!([["INSERT INTO t VALUES (?, ?)", n % 50, n.to_string()], ["SELECT b FROM t WHERE a = ?", n % 50]]))
        };
        let outcomes = join_all((0..100).map(insert)).await;
        let kept = outcomes.iter().filter(|of_one| of_one[0]["error"].is_null()).count();
        let refused =
            outcomes.iter().filter(|of_one| error(&of_one[0]) == "Error::Io(\"UNIQUE constraint failed: t.a\")").count();
        assert_eq!((kept, refused), (50, 50), "{outcomes:?}");
        for (n, of_one) in outcomes.iter().enumerate().filter(|(_, of_one)| of_one[0]["error"].is_null()) {
            assert_eq!(of_one[1]["rows"], json!([[n.to_string()]]), "what was answered has been committed");
        }
    }
}

/// A trigger that undoes the transaction undoes its own statement only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_rolls_back_takes_nobody_along() {
    for fixture in both().await {
        fixture
            .sql(json!([
                ["PRAGMA journal_mode = WAL"],
                ["CREATE TABLE t (a INTEGER)"],
                ["CREATE TRIGGER no BEFORE INSERT ON t WHEN NEW.a % 10 = 3 BEGIN SELECT RAISE(ROLLBACK, 'not this one'); END"],
            ]))
            .await;
        let outcomes = join_all((0..100).map(|n| fixture.sql(json!([["INSERT INTO t VALUES (?)", n]])))).await;
        let refused = outcomes.iter().filter(|of_one| error(&of_one[0]) == "Error::Io(\"not this one\")").count();
        assert_eq!(refused, 10, "{outcomes:?}");
        let counted = fixture.sql(json!([["SELECT count(*), count(DISTINCT a) FROM t"]])).await;
        assert_eq!(counted[0]["rows"], json!([[90, 90]]));
    }
}
