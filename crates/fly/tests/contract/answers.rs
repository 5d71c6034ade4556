use clawstead_fly::{
    ApiToken, HostStatus, ListMachines, Machine, MachineState, Machines, Outcome, Ownership, Refusal, RefusalKind, Unknown, Wait,
    WaitState, Waited,
};
use clawstead_transport::{Matcher, ScriptedTransport, TransportError};
use futures::executor::block_on;

use super::{TOKEN, WORKER_URL, create_machine, machines};

fn create(transport: &ScriptedTransport) -> Outcome<Machine> {
    block_on(machines(transport).create_machine(&create_machine()))
}

fn answered(status: u16, body: &str) -> Outcome<Machine> {
    create(&ScriptedTransport::new().answer(Matcher::any(), status, body))
}

fn refusal(outcome: Outcome<Machine>) -> Refusal {
    match outcome {
        Outcome::Refused(refusal) => refusal,
        other => panic!("not a refusal: {other:?}"),
    }
}

#[test]
fn f14_a_refusal_is_sorted_by_its_status_and_not_by_its_text() {
    let cases = [
        (400, RefusalKind::Invalid),
        (401, RefusalKind::Unauthorized),
        (403, RefusalKind::Unauthorized),
        (404, RefusalKind::NotFound),
        (409, RefusalKind::Conflict),
        (412, RefusalKind::Precondition),
        (422, RefusalKind::Unprocessable),
        (429, RefusalKind::RateLimited { retry_after_ms: 1_000 }),
    ];
    for (status, kind) in cases {
        for body in ["", r#"{"error": "internal server error: machine not found"}"#] {
            let refusal = refusal(answered(status, body));
            assert_eq!((refusal.status, refusal.kind), (Some(status), kind), "{status} {body:?}");
        }
    }
}

#[test]
fn f1_trouble_at_fly_is_never_taken_for_an_answer() {
    for status in [408, 500, 502, 503, 504] {
        for body in ["", r#"{"error": "internal server error"}"#, r#"{"error": "machine not found"}"#] {
            assert_eq!(answered(status, body), Outcome::Unknown(Unknown::Status(status)), "{body}");
        }
    }
    assert_eq!(answered(200, "<html>"), Outcome::Unknown(Unknown::Malformed));
}

#[test]
fn no_room_is_told_by_flys_own_code() {
    let body = r#"{"error": "could not place it", "status": "insufficient_capacity"}"#;
    for status in [412, 422, 503] {
        assert_eq!(refusal(answered(status, body)).kind, RefusalKind::Capacity);
    }
    let unknown = r#"{"error": "insufficient_capacity", "status": "unknown"}"#;
    assert_eq!(refusal(answered(422, unknown)).kind, RefusalKind::Unprocessable);
}

#[test]
fn a_rate_limit_says_how_long_to_wait() {
    let mut response = http::Response::new(Vec::new());
    *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert("retry-after", http::HeaderValue::from_static("7"));
    let refusal = refusal(create(&ScriptedTransport::new().respond(Matcher::any(), response)));
    assert_eq!(refusal.kind, RefusalKind::RateLimited { retry_after_ms: 7_000 });
}

#[test]
fn a_lost_answer_is_unknown_and_a_request_that_never_left_is_refused() {
    for error in [TransportError::Timeout, TransportError::Interrupted, TransportError::BodyTooLarge] {
        let outcome = create(&ScriptedTransport::new().fail(Matcher::any(), error));
        assert_eq!(outcome, Outcome::Unknown(Unknown::NoAnswer(error)));
    }
    for error in [TransportError::Connect, TransportError::Denied] {
        let refusal = refusal(create(&ScriptedTransport::new().fail(Matcher::any(), error)));
        assert_eq!((refusal.status, refusal.kind), (None, RefusalKind::NotSent(error)));
    }
}

#[test]
fn x8_neither_a_message_nor_a_debug_output_shows_a_secret() {
    let echo = format!(r#"{{"error": "bad env CONVEX_URL={WORKER_URL} for {TOKEN}"}}"#);
    let refusal = refusal(answered(400, &echo));
    assert_eq!(refusal.message, "bad env CONVEX_URL=[redacted] for [redacted]");
    let client = Machines::new((), "https://api.machines.test/v1", ApiToken::parse(TOKEN).expect("a good token"), "app");
    let shown = format!("{client:?} {:?}", create_machine());
    assert!(shown.contains("CONVEX_URL") && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_wait_that_ends_too_soon_is_an_answer() {
    let wait = Wait { state: WaitState::Stopped, instance_id: None, timeout_seconds: 1 };
    let ask = |status, body: &str| {
        let transport = ScriptedTransport::new().answer(Matcher::any(), status, body);
        block_on(machines(&transport).wait("m1", &wait))
    };
    assert_eq!(ask(408, r#"{"error": "deadline_exceeded"}"#), Outcome::Done(Waited::NotYet));
    assert_eq!(ask(200, r#"{"ok": false}"#), Outcome::Done(Waited::NotYet));
    assert_eq!(ask(500, ""), Outcome::Unknown(Unknown::Status(500)));
}

#[test]
fn f1_only_a_404_means_that_there_is_none() {
    let ask = |status| {
        let transport = ScriptedTransport::new().answer(Matcher::any(), status, "");
        block_on(machines(&transport).delete_machine("m1", true)).found()
    };
    assert_eq!(ask(200), Outcome::Done(Some(())));
    assert_eq!(ask(404), Outcome::Done(None));
    assert!(matches!(ask(412), Outcome::Refused(_)));
    assert!(matches!(ask(500), Outcome::Unknown(_)));
}

#[test]
fn a_listing_tells_whose_each_machine_is() {
    let listing = r#"[
        {"id": "m1", "name": "worker-1", "state": "started", "host_status": "ok", "config": {
            "metadata": {"clawstead_deployment": "prod", "clawstead_worker": "worker-1", "clawstead_volume": "vol_1"},
            "mounts": [{"volume": "vol_1", "path": "/data"}, {"volume": "vol_2"}]}},
        {"id": "m2", "name": "other", "state": "launch_failed", "config": {"metadata": null, "mounts": null}},
        {"id": "m3", "name": "worker-3", "state": "hibernating", "host_status": "unreachable"},
        {"id": "m4", "name": "worker-4", "state": "replaced", "host_status": "unreachable",
            "incomplete_config": {"metadata": {"clawstead_deployment": "prod"}}},
        {"id": "m5", "name": "worker-5", "config": {"metadata": {"clawstead_deployment": "prod", "clawstead_log": "log-1"}}},
        {"id": "m6", "name": "worker-6", "config": {"metadata": {"clawstead_deployment": "prod", "clawstead_log": "log-2"}}}]"#;
    let transport = ScriptedTransport::new().answer(Matcher::any(), 200, listing);
    let listed = block_on(machines(&transport).list_machines(&ListMachines::default())).done().expect("scripted");

    let owners: Vec<Ownership<'_>> = listed.iter().map(|machine| machine.ownership("prod", "log-1")).collect();
    let ours = |worker| Ownership::Ours { worker };
    let expected =
        [ours("worker-1"), Ownership::Foreign, Ownership::Unknown, ours("worker-4"), ours("worker-5"), Ownership::Clash];
    assert_eq!(owners, expected);
    assert_eq!(listed[0].ownership("staging", "log-1"), Ownership::Foreign);
    assert_eq!(listed[0].volumes(), ["vol_1", "vol_2"]);

    let states: Vec<MachineState> = listed.iter().map(|machine| machine.state).collect();
    use MachineState::{LaunchFailed, Replaced, Started, Unknown};
    assert_eq!(states[..4], [Started, LaunchFailed, Unknown, Replaced]);
    assert!(LaunchFailed.is_passing() && Replaced.is_final() && !Unknown.is_final());
    assert_eq!(listed[2].host_status, HostStatus::Unreachable);
}
