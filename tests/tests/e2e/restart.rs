//! The host goes away and comes back.

use clawstead_tests::{App, eventually, function_value, seed, updates};

#[tokio::test]
async fn a_restart_in_the_middle_of_a_job_loses_nothing() {
    let mut app = App::builder().paired().machines(1).worker_env("ECHO_WORK_MS", "500").start().await;
    for number in 0..4 {
        app.write(seed::USER_ID, &format!("message {number}")).await;
    }
    eventually("the first claim", || async { (!app.events("MessageClaimed").await.is_empty()).then_some(()) }).await;

    app.sandbox().stop_host().await.expect("the host stops");
    app.sandbox().start_host().await.expect("the host starts again");

    let expected: Vec<String> = (0..4).map(|number| format!("echo: message {number}")).collect();
    app.until_idle().await;
    let mut replies = app.replies(seed::USER_ID, 4).await;
    // A message may run again when the answer to its worker was lost; it is never left out.
    replies.dedup();
    assert_eq!(replies, expected);
    assert_eq!(app.events("MessageCompleted").await.len(), 4);
}

#[tokio::test]
async fn updates_that_come_while_the_host_is_down_are_delivered_later() {
    let mut app = App::builder().paired().machines(1).start().await;
    app.sandbox().stop_host().await.expect("the host stops");

    app.telegram().push(seed::BOT_ID, updates::text(seed::USER_ID, "are you there?"));
    app.sandbox().start_host().await.expect("the host starts again");

    assert_eq!(app.replies(seed::USER_ID, 1).await, ["echo: are you there?"]);
}

#[tokio::test]
async fn a_lease_a_key_and_the_log_outlive_the_host() {
    let mut app = App::builder().paired().start().await;
    let worker = app.worker().await;
    app.write(seed::USER_ID, "hold on").await;
    let job = worker.claim().await;
    let log = app.get("/v1/events?limit=1000").await.json;

    app.sandbox().stop_host().await.expect("the host stops");
    app.sandbox().start_host().await.expect("the host starts again");

    assert_eq!(app.get("/v1/events?limit=1000").await.json, log);
    assert_eq!(function_value(&worker.hydrate(&job).await)["telegramBotToken"], seed::BOT_TOKEN);
    assert_eq!(function_value(&worker.complete(&job).await), true);
}

#[tokio::test]
async fn starting_again_seeds_nothing_twice() {
    let mut app = App::builder().paired().start().await;
    let before = app.position().await;

    app.sandbox().stop_host().await.expect("the host stops");
    app.sandbox().start_host().await.expect("the host starts again");
    seed::agent(app.api(), seed::AGENT).await.expect("it is there");
    app.pair(seed::CONSUMER_USER_ID, seed::USER_ID).await;

    assert_eq!(app.position().await, before);
    assert_eq!(app.get("/v1/agents").await.json["agents"].as_array().map(Vec::len), Some(1));
    assert_eq!(app.events("BindingMade").await.len(), 1);
}
