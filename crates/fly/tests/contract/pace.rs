//! F-10: limits of rate, tries and time.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};

use clawstead_fly::{Budget, Machines, Outcome, Pace, RefusalKind, StopMachine, Timer, Unknown};
use clawstead_transport::{Matcher, ScriptedTransport, TransportError};
use futures::executor::block_on;

use super::{create_machine, machines};

/// A clock that jumps to where it is waited for, and remembers how long that was.
#[derive(Clone, Default)]
struct Jumping(Arc<Mutex<(i64, Vec<u64>)>>);

impl Timer for Jumping {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000 + self.inner().0
    }

    fn sleep(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        let mut inner = self.inner();
        inner.0 += ms as i64;
        inner.1.push(ms);
        Box::pin(std::future::ready(()))
    }
}

impl Jumping {
    fn inner(&self) -> MutexGuard<'_, (i64, Vec<u64>)> {
        self.0.lock().expect("no test panics while it holds the clock")
    }

    fn pass(&self, ms: i64) {
        self.inner().0 += ms;
    }

    fn slept(&self) -> Vec<u64> {
        std::mem::take(&mut self.inner().1)
    }
}

fn paced(transport: &ScriptedTransport, budget: Budget) -> (Machines<ScriptedTransport>, Jumping) {
    paced_by(Jumping::default(), transport, budget)
}

fn paced_by(timer: Jumping, transport: &ScriptedTransport, budget: Budget) -> (Machines<ScriptedTransport>, Jumping) {
    let pace = Pace::new(Box::new(timer.clone()), budget);
    (machines(transport).paced(Rc::new(pace)), timer)
}

fn answers(statuses: &[u16]) -> ScriptedTransport {
    statuses.iter().fold(ScriptedTransport::new(), |script, status| script.answer(Matcher::any(), *status, r#"{"id": "m1"}"#))
}

#[test]
fn f10_three_at_once_and_then_one_a_second() {
    let (app, timer) = paced(&answers(&[200; 6]), Budget::default());
    for _ in 0..5 {
        assert!(block_on(app.create_machine(&create_machine())).done().is_some());
    }
    assert_eq!(timer.slept(), [1_000, 1_000]);
    timer.pass(60_000);
    assert!(block_on(app.create_machine(&create_machine())).done().is_some());
    assert_eq!(timer.slept(), [0; 0]);
}

#[test]
fn f10_each_machine_and_each_action_has_a_limit_of_its_own_and_looking_at_one_a_wider_one() {
    let (app, timer) = paced(&answers(&[200; 30]), Budget::default());
    for machine in ["m1", "m2", "m3", "m4"] {
        for _ in 0..3 {
            assert_eq!(block_on(app.cordon_machine(machine)), Outcome::Done(()));
        }
        assert_eq!(block_on(app.stop_machine(machine, StopMachine::default())), Outcome::Done(()));
    }
    assert_eq!(timer.slept(), [0; 0]);
    for _ in 0..12 {
        assert!(block_on(app.get_machine("m1")).done().is_some());
    }
    assert_eq!(timer.slept(), [200, 200]);
}

#[test]
fn f10_what_would_have_to_wait_too_long_is_not_sent() {
    let transport = answers(&[200; 3]);
    let (app, _) = paced(&transport, Budget { time_ms: 500, ..Budget::default() });
    for _ in 0..3 {
        assert!(block_on(app.create_machine(&create_machine())).done().is_some());
    }
    let Outcome::Refused(refusal) = block_on(app.create_machine(&create_machine())) else { panic!("it was sent") };
    assert_eq!((refusal.status, refusal.kind), (None, RefusalKind::RateLimited { retry_after_ms: 1_000 }));
    assert_eq!(transport.requests().len(), 3);
}

#[test]
fn f10_what_is_as_good_twice_as_once_is_tried_again_within_its_budget() {
    let (app, timer) = paced(&answers(&[500, 503, 200]), Budget::default());
    assert_eq!(block_on(app.delete_machine("m1", true)), Outcome::Done(()));
    assert_eq!(timer.slept(), [250, 500]);

    let transport = answers(&[500; 9]);
    let (app, _) = paced(&transport, Budget::default());
    assert_eq!(block_on(app.delete_machine("m1", true)), Outcome::Unknown(Unknown::Status(500)));
    assert_eq!(transport.requests().len(), 3);
}

#[test]
fn f10_a_creation_whose_answer_is_lost_is_never_made_again() {
    for lost in [TransportError::Timeout, TransportError::Interrupted] {
        let transport = ScriptedTransport::new().fail(Matcher::any(), lost);
        let (app, _) = paced(&transport, Budget::default());
        assert_eq!(block_on(app.create_machine(&create_machine())), Outcome::Unknown(Unknown::NoAnswer(lost)));
        assert_eq!(transport.requests().len(), 1);
    }
    let transport = answers(&[500]);
    let (app, _) = paced(&transport, Budget::default());
    assert_eq!(block_on(app.snapshot_volume("vol_1")), Outcome::Unknown(Unknown::Status(500)));
}

#[test]
fn f10_a_creation_that_never_left_us_or_came_too_early_is_made_again() {
    let transport =
        ScriptedTransport::new().fail(Matcher::any(), TransportError::Connect).answer(Matcher::any(), 200, r#"{"id": "m1"}"#);
    let (app, timer) = paced(&transport, Budget::default());
    assert!(block_on(app.create_machine(&create_machine())).done().is_some());
    assert_eq!(timer.slept(), [250]);

    let mut busy = http::Response::new(Vec::new());
    *busy.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
    busy.headers_mut().insert("retry-after", http::HeaderValue::from_static("4"));
    let transport = ScriptedTransport::new().respond(Matcher::any(), busy.clone()).answer(Matcher::any(), 200, r#"{"id": "m1"}"#);
    let (app, timer) = paced(&transport, Budget::default());
    assert!(block_on(app.create_machine(&create_machine())).done().is_some());
    assert_eq!(timer.slept(), [4_000], "as long as Fly asked for, and no longer");

    busy.headers_mut().insert("retry-after", http::HeaderValue::from_static("60"));
    let transport = ScriptedTransport::new().respond(Matcher::any(), busy);
    let (app, timer) = paced(&transport, Budget::default());
    for _ in 0..2 {
        let outcome = block_on(app.create_machine(&create_machine()));
        assert!(matches!(outcome, Outcome::Refused(refusal) if matches!(refusal.kind, RefusalKind::RateLimited { .. })));
    }
    assert_eq!(timer.slept(), [0; 0]);
    assert_eq!(transport.requests().len(), 1, "the next call waits too, and is not sent");
}

#[test]
fn f10_a_call_that_took_all_its_time_is_not_made_again() {
    let clock = Jumping::default();
    let slow = clock.clone();
    let takes_ten_seconds = Matcher::when(move |_| {
        slow.pass(10_000);
        true
    });
    let transport = ScriptedTransport::new().fail(takes_ten_seconds, TransportError::Timeout);
    let (app, _) = paced_by(clock, &transport, Budget::default());
    let outcome = block_on(app.get_machine("m1"));
    assert_eq!(outcome, Outcome::Unknown(Unknown::NoAnswer(TransportError::Timeout)));
    assert_eq!(transport.requests().len(), 1);
}
