//! Real processes on real files: killed, two at once, without room, with a damaged write-ahead log.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use clawstead_sim::crash::client::{Client, Heard, now_ms};
use clawstead_sim::crash::load::{Load, done, message};
use clawstead_sim::crash::process::Process;
use clawstead_sim::crash::{self, Stage};
use clawstead_sim::history::{History, Place};
use clawstead_sim::plane::keys;
use clawstead_sim::wire::Link;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_clawstead-sim"))
}

#[tokio::test]
async fn a_host_that_is_killed_a_hundred_times_keeps_every_promise() {
    let outcome = crash::run(program(), 100, 1).await.expect("all is worked off");
    println!("{}", outcome.figures().expect("figures"));
    assert_eq!(outcome.broken, []);
    let exchanges = outcome.remains.history.exchanges();
    assert!(exchanges.iter().any(|one| !one.heard), "the kills hit nobody");
}

#[tokio::test]
async fn two_hosts_on_one_database_keep_every_promise() {
    let stage = Stage::new().expect("a folder");
    let mut hosts = [Process::new(program(), stage.folder()), Process::new(program(), stage.folder())];
    for host in &mut hosts {
        host.start(None).await.expect("it serves");
    }
    let addresses = hosts.iter().map(Process::address).collect();
    let load = Load::begin(addresses, stage.history.clone(), 2).await.expect("a load");
    while load.accepted() < 150 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let secrets = load.secrets.clone();
    load.drain().await.expect("all is worked off");
    for host in &mut hosts {
        host.kill().await.expect("it is killed");
    }
    let remains = stage.remains(secrets).expect("what is left");
    let (_, broken) = crash::check(remains).await.expect("a check");
    assert_eq!(broken, []);
}

/// Who asks in the tests below, one after the other.
struct Asker {
    operator: Client,
    worker: Client,
    token: String,
}

impl Asker {
    async fn new(host: &Process, history: &History) -> Self {
        let client = |link, bearer| Client::new(host.address(), history.clone(), link, bearer);
        let operator = client(Link::AppToPlane, Some(keys::OPERATOR));
        let policy = json!({"lease_ms": 60_000, "silent_after_ms": 60_000});
        done(&operator, Method::PUT, "/v1/config/lease", &policy).await.expect("a policy");
        done(&operator, Method::PUT, "/v1/agents/default", &json!({})).await.expect("an agent");
        let worker = done(&operator, Method::POST, "/v1/workers", &json!({"name": "own"})).await.expect("a worker");
        let token = worker["token"].as_str().expect("a token").to_owned();
        Self { operator, worker: client(Link::WorkerToPlane, None), token }
    }

    /// The message of this number, each in a conversation of its own.
    async fn enqueue(&self, number: u64) -> Heard {
        let mut body = message(number, number);
        body["text"] = format!("{} {}", body["text"].as_str().expect("a text"), "x".repeat(2_000)).into();
        let key = format!("key-{number}");
        self.operator.ask(Method::POST, "/v1/messages", Some(&key), &body).await.expect("an answer")
    }

    /// Works until there is nothing left; gives how many jobs there were.
    async fn work(&self) -> usize {
        for jobs in 0.. {
            let base = format!("/worker/{}/v1", self.token);
            let claimed = self.worker.post(&format!("{base}/claim"), &json!({})).await.expect("an answer");
            if claimed.status != 200 {
                return jobs;
            }
            let holder = json!({"message_id": claimed.json["message_id"], "lease_id": claimed.json["lease_id"]});
            let completed = self.worker.post(&format!("{base}/complete"), &holder).await.expect("an answer");
            assert!(completed.is_success(), "{completed:?}");
        }
        0
    }

    async fn position(&self) -> i64 {
        let health = self.operator.ask(Method::GET, "/healthz", None, &Value::Null).await.expect("an answer");
        assert!(health.is_success(), "{health:?}");
        health.json["position"].as_i64().expect("a position")
    }
}

fn count_of_messages(database: &Path) -> usize {
    let connection = Connection::open(database).expect("the database");
    let count: i64 = connection.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).expect("a count");
    usize::try_from(count).expect("a count")
}

#[tokio::test]
async fn a_full_disk_is_told_of_and_leaves_nothing_half_done() {
    let stage = Stage::new().expect("a folder");
    let database = stage.folder().join("default.db");
    let mut host = Process::new(program(), stage.folder());
    host.start(None).await.expect("it serves");
    let asker = Asker::new(&host, &stage.history).await;
    host.kill().await.expect("it is killed");
    // What is in the write-ahead log counts, too.
    let pages: i64 = Connection::open(&database)
        .and_then(|connection| connection.query_row("PRAGMA page_count", [], |row| row.get(0)))
        .expect("a size");

    let room_for_some = pages.unsigned_abs() * 4_096 + (200 << 10);
    host.start(Some(room_for_some)).await.expect("it serves");
    let from_ms = now_ms();
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for round in 0..30 {
        // Several at once, so that some are committed together.
        let numbers = round * 8..(round + 1) * 8;
        let answers = futures::future::join_all(numbers.clone().map(|number| asker.enqueue(number))).await;
        for (number, answer) in numbers.zip(answers) {
            match answer.status {
                201 => accepted.push(number),
                _ => {
                    assert_eq!((answer.status, answer.json["code"].as_str()), (507, Some("database_full")), "{answer:?}");
                    refused.push(number);
                }
            }
        }
    }
    assert!(accepted.len() > 5 && refused.len() > 5, "{} accepted, {} refused", accepted.len(), refused.len());
    // What is there can still be read.
    asker.position().await;
    host.kill().await.expect("it is killed");
    stage.history.mishap_between(Place::Database, from_ms, now_ms());
    assert_eq!(count_of_messages(&database), accepted.len());

    host.start(None).await.expect("it serves");
    for number in refused.iter().chain(&accepted) {
        assert!(asker.enqueue(*number).await.is_success());
    }
    assert_eq!(asker.work().await, accepted.len() + refused.len());
    host.kill().await.expect("it is killed");
    let remains = stage.remains(vec![asker.token]).expect("what is left");
    let (_, broken) = crash::check(remains).await.expect("a check");
    assert_eq!(broken, []);
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_told_of_until_it_can() {
    let stage = Stage::new().expect("a folder");
    let database = stage.folder().join("default.db");
    std::fs::create_dir(&database).expect("something else where the file should be");
    let mut host = Process::new(program(), stage.folder());
    host.start(None).await.expect("it serves");
    let client = reqwest::Client::new();
    let ask = async || {
        let request = client.get(format!("{}/v1/agents", host.address().base_url())).bearer_auth(keys::OPERATOR);
        request.send().await.expect("an answer")
    };

    for _ in 0..2 {
        let answer = ask().await;
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"5"[..]));
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], "database_unavailable", "{problem}");
    }

    std::fs::remove_dir(&database).expect("it is taken away");
    assert_eq!(ask().await.status().as_u16(), 200, "without another start");
}

/// Turns some bytes of the last page over.
fn damage_the_end(wal: &Path) {
    let mut file = std::fs::File::options().read(true).write(true).open(wal).expect("a write-ahead log");
    let mut bytes = [0; 16];
    file.seek(SeekFrom::End(-2_000)).expect("a page");
    file.read_exact(&mut bytes).expect("bytes");
    file.seek(SeekFrom::Current(-16)).expect("a page");
    file.write_all(&bytes.map(|byte| !byte)).expect("it is written");
}

#[tokio::test]
async fn a_damaged_end_of_the_write_ahead_log_takes_the_last_append_and_nothing_else() {
    let stage = Stage::new().expect("a folder");
    let mut host = Process::new(program(), stage.folder());
    host.start(None).await.expect("it serves");
    // What is lost was accepted: the checker gets what was said after it only.
    let asker = Asker::new(&host, &Stage::new().expect("a folder").history).await;
    for number in 0..20 {
        assert_eq!(asker.enqueue(number).await.status, 201);
    }
    let before = asker.position().await;
    host.kill().await.expect("it is killed");
    damage_the_end(&stage.folder().join("default.db-wal"));

    host.start(None).await.expect("it serves");
    let after = asker.position().await;
    assert!(after < before && after >= before - 2, "of {before} lines {after} are left");
    let asker =
        Asker { operator: Client::new(host.address(), stage.history.clone(), Link::AppToPlane, Some(keys::OPERATOR)), ..asker };
    let repeated = futures::future::join_all((0..20).map(|number| asker.enqueue(number))).await;
    let again = repeated.iter().filter(|answer| answer.status == 201).count();
    assert!((1..=2).contains(&again), "what was lost is taken again, and nothing twice: {again}");
    assert_eq!(asker.work().await, 20);
    host.kill().await.expect("it is killed");
    let remains = stage.remains(vec![asker.token]).expect("what is left");
    let (_, broken) = crash::check(remains).await.expect("a check");
    assert_eq!(broken, []);
}
