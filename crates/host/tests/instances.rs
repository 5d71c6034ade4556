//! Instances: how they are shared, how they fail, how they are bounded.

mod common;

use clawstead_host::{CONCURRENT_REQUESTS_PER_INSTANCE, GuestLog, IDLE_INSTANCE_TIMEOUT, REQUESTS_PER_INSTANCE};
use common::{Fixture, start, start_with};
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Which instance answers, and how many requests it has had.
async fn instance(fixture: &Fixture) -> (String, usize) {
    let (_, text) = fixture.text("/instance").await;
    let (identity, served) = text.split_once(' ').expect("two words");
    (identity.to_owned(), served.parse().expect("a number"))
}

#[tokio::test]
async fn an_instance_serves_its_share_of_requests_and_no_more() {
    let fixture = start().await;
    let mut served = BTreeMap::new();
    for _ in 0..=REQUESTS_PER_INSTANCE {
        let (identity, count) = instance(&fixture).await;
        served.insert(identity, count);
    }
    let counts: BTreeSet<usize> = served.into_values().collect();
    assert_eq!(counts, BTreeSet::from([1, REQUESTS_PER_INSTANCE]));
}

#[tokio::test]
async fn requests_that_wait_share_an_instance_up_to_its_limit() {
    let fixture = start().await;
    instance(&fixture).await;
    let asked = Instant::now();
    let sleeps = (0..40).map(|_| fixture.text("/sleep?300"));
    assert!(join_all(sleeps).await.iter().all(|(status, _)| *status == 200));
    assert!(asked.elapsed() < Duration::from_millis(1500), "they waited at the same time");
    let mut identities = BTreeSet::new();
    let instances = join_all((0..40).map(|_| instance(&fixture))).await;
    identities.extend(instances.into_iter().map(|(identity, _)| identity));
    let needed = 40_usize.div_ceil(CONCURRENT_REQUESTS_PER_INSTANCE);
    assert!(identities.len() <= needed + 2, "{} instances for 40 requests", identities.len());
}

#[tokio::test]
async fn an_idle_instance_is_dropped() {
    let fixture = start().await;
    let (first, _) = instance(&fixture).await;
    tokio::time::sleep(IDLE_INSTANCE_TIMEOUT / 2).await;
    assert_eq!(instance(&fixture).await.0, first);
    tokio::time::sleep(IDLE_INSTANCE_TIMEOUT + Duration::from_millis(300)).await;
    assert_ne!(instance(&fixture).await.0, first);
}

#[tokio::test]
async fn a_trap_is_a_500_and_the_next_request_works() {
    let fixture = start().await;
    for _ in 0..3 {
        let (status, body) = fixture.text("/trap").await;
        assert_eq!(status, 500);
        assert!(body.contains("\"code\":\"component_failed\""), "{body}");
        assert_eq!(fixture.text("/empty").await.0, 200);
    }
}

#[tokio::test]
async fn memory_is_bounded() {
    let fixture = start_with(|options| options.max_memory_bytes(32 << 20)).await;
    assert_eq!(fixture.text("/hog?16").await.0, 200);
    assert_eq!(fixture.text("/hog?64").await.0, 500);
    assert_eq!(fixture.text("/empty").await.0, 200);
}

#[tokio::test]
async fn a_guest_that_never_waits_is_stopped_and_others_go_on_meanwhile() {
    let fixture = start_with(|options| options.max_busy(Duration::from_millis(600))).await;
    let asked = Instant::now();
    let others = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        for _ in 0..5 {
            assert_eq!(fixture.text("/bare/empty").await.0, 200);
        }
        asked.elapsed()
    };
    let ((status, _), others_done) = tokio::join!(fixture.text("/spin"), others);
    assert_eq!(status, 500);
    assert!(others_done < Duration::from_millis(600), "others took {others_done:?}");
    assert!(asked.elapsed() < Duration::from_secs(3));
    assert_eq!(fixture.text("/empty").await.0, 200);
}

#[tokio::test]
async fn a_request_that_waits_too_long_is_given_up() {
    let fixture = start_with(|options| options.request_timeout(Duration::from_millis(300))).await;
    let (status, body) = fixture.text("/sleep?5000").await;
    assert_eq!(status, 500);
    assert!(body.contains("component_timed_out"), "{body}");
    assert_eq!(fixture.text("/sleep?10").await.0, 200);
}

#[tokio::test]
async fn requests_beyond_the_instances_wait() {
    let fixture = start_with(|options| options.max_instances(1)).await;
    let asked = Instant::now();
    let sleeps = (0..40).map(|_| fixture.text("/sleep?50"));
    assert!(join_all(sleeps).await.iter().all(|(status, _)| *status == 200));
    assert!(asked.elapsed() < Duration::from_secs(10), "an idle instance makes room");
}

#[tokio::test]
async fn requests_that_find_no_instance_in_time_are_turned_away() {
    let patience = Duration::from_millis(300);
    let fixture = start_with(|options| options.max_instances(1).request_timeout(patience)).await;
    // Both are there before the first instance is.
    let answers = join_all((0..2).map(|_| fixture.text("/sleep?5000"))).await;
    assert!(answers.iter().any(|(_, body)| body.contains("component_timed_out")), "{answers:?}");
    let busy = answers.iter().find(|(_, body)| body.contains("component_busy"));
    assert_eq!(busy.map(|(status, _)| *status), Some(503), "{answers:?}");
}

#[tokio::test]
async fn work_goes_on_after_the_response() {
    let fixture = start().await;
    assert_eq!(fixture.text("/later?done").await.0, 202);
    let query = serde_json::json!([["SELECT word FROM later"]]);
    let outcome = &fixture.sql(query.clone()).await[0];
    assert!(outcome["error"].as_str().is_some_and(|error| error.contains("no such table")));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(fixture.sql(query).await[0]["rows"], serde_json::json!([["done"]]));
}

#[tokio::test]
async fn printed_lines_reach_the_log_as_they_are() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log: GuestLog = {
        let lines = Arc::clone(&lines);
        Arc::new(move |component, line| {
            let line = (component.to_owned(), line.to_owned());
            lines.lock().expect("the log's lock").push(line);
        })
    };
    let fixture = start_with(|options| options.guest_log(log)).await;
    fixture.text("/print?[1,{}]").await;
    let lines = lines.lock().expect("the log's lock").clone();
    let expected = ["[1,{}]", "error: [1,{}]"];
    assert_eq!(lines, expected.map(|line| ("main".to_owned(), line.to_owned())));
}
