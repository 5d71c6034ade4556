//! A worker that waits for work. Time passes in its pauses only, and so does what others do.

use std::cell::RefCell;
use std::time::Duration;

use clawstead_domain::config::LeasePolicy;
use clawstead_domain::conversation::Enqueue;
use clawstead_domain::worker::{DrainReason, WorkerEvent};
use clawstead_ledger::Expected;
use clawstead_operations::configs;
use clawstead_operations::queue::{self, Job, Patience, QueueWatch, Wish};
use clawstead_operations::workers::Registered;
use futures::executor::block_on;

use crate::world::{START, World, command, ending};

/// The worker waits for at most 20 s; `happen` is told the number of each pause, from 1. Gives the job, and how many pauses
/// there were.
fn wait(world: &World, worker: &Registered, happen: impl AsyncFn(usize)) -> (Option<Job>, usize) {
    let pauses = RefCell::new(0);
    let pause = async |duration: Duration| {
        *pauses.borrow_mut() += 1;
        world.pass(duration.as_millis() as i64);
        let number = *pauses.borrow();
        happen(number).await;
    };
    let clock = || world.now();
    let patience = Patience { wait: Duration::from_secs(20), clock: &clock, pause };
    let asking = world.call(worker).unwrap();
    let job = block_on(queue::claim_within(&world.cx(), &QueueWatch::default(), &asking, Wish::default(), &patience)).unwrap();
    let pauses = *pauses.borrow();
    (job, pauses)
}

#[test]
fn what_is_there_already_is_had_without_a_pause() {
    let world = World::new();
    world.enqueue("c", "hi");
    let (job, pauses) = wait(&world, &world.worker(), async |_| ());
    assert_eq!((job.unwrap().conversation_id.as_str(), pauses), ("c", 0));
}

#[test]
fn a_message_that_comes_is_had_after_the_pause_in_which_it_came() {
    let world = World::new();
    let worker = world.worker();
    let (job, pauses) = wait(&world, &worker, async |number| {
        if number == 30 {
            queue::enqueue(&world.cx(), &command("c", "hi"), None).await.unwrap();
        }
    });
    assert_eq!((job.unwrap().conversation_id.as_str(), pauses), ("c", 30));
}

#[test]
fn when_the_time_is_up_there_is_nothing() {
    let world = World::new();
    let (job, pauses) = wait(&world, &world.worker(), async |_| ());
    assert!(job.is_none());
    assert_eq!(world.now(), START + 20_000);
    assert!(pauses < 500, "{pauses} looks in 20 s");
}

#[test]
fn a_clock_that_is_set_back_does_not_make_it_longer() {
    let world = World::new();
    let (job, pauses) = wait(&world, &world.worker(), async |number| world.pass(if number == 5 { -3_600_000 } else { 0 }));
    assert!(job.is_none() && pauses < 500, "{pauses} pauses");
}

#[test]
fn a_worker_that_begins_to_drain_is_let_go_at_once() {
    let world = World::new();
    let worker = world.worker();
    let drain = WorkerEvent::DrainRequested { reason: DrainReason::Operator, deadline_at: START + 60_000 };
    let (job, pauses) = wait(&world, &worker, async |number| {
        if number == 3 {
            world.cx().append(&worker.worker_id, Expected::Any, std::slice::from_ref(&drain)).await.unwrap();
            queue::enqueue(&world.cx(), &command("c", "hi"), None).await.unwrap();
        }
    });
    assert_eq!((job, pauses), (None, 3));
    assert_eq!(wait(&world, &worker, async |_| ()), (None, 0), "and does not wait again");
}

#[test]
fn a_message_that_was_scheduled_is_had_when_its_time_comes() {
    let world = World::new();
    let later = Enqueue { scheduled_for: Some(START + 5_000), ..command("c", "later") };
    world.enqueue_as(&later, None).unwrap();
    let (job, _) = wait(&world, &world.worker(), async |_| ());
    assert!(job.is_some());
    assert!((START + 5_000..START + 5_060).contains(&world.now()), "{} ms", world.now() - START);
}

#[test]
fn a_conversation_is_had_from_a_worker_that_fell_silent_meanwhile() {
    let world = World::new();
    let policy = LeasePolicy { silent_after_ms: 3_000, ..LeasePolicy::default() };
    block_on(configs::set(&world.cx(), &policy)).unwrap();
    let (owner, other) = (world.worker(), world.worker());
    world.enqueue("c", "first");
    let job = world.claim(&owner).unwrap();
    world.enqueue("c", "second");
    block_on(queue::complete(&world.cx(), ending(&owner, &job))).unwrap();
    let (job, _) = wait(&world, &other, async |_| ());
    assert!(job.is_some());
    assert!((START + 3_000..START + 3_400).contains(&world.now()), "{} ms", world.now() - START);
}

#[test]
fn waiting_is_contact() {
    let world = World::new();
    let policy = LeasePolicy { silent_after_ms: 3_000, ..LeasePolicy::default() };
    block_on(configs::set(&world.cx(), &policy)).unwrap();
    let worker = world.worker();
    wait(&world, &worker, async |_| ());
    let seen = world.rows("SELECT last_seen_at FROM worker_contacts");
    let silent = world.rows(&format!("SELECT 1 FROM worker_contacts WHERE last_seen_at < {} - 2000", world.now()));
    assert!(silent.is_empty(), "{seen:?}");
}

#[test]
fn several_that_wait_in_one_instance_share_their_looks() {
    let world = World::new();
    let (one, two) = (world.worker(), world.worker());
    world.enqueue("c", "hi");
    let watch = QueueWatch::default();
    let clock = || world.now();
    let patience = Patience {
        wait: Duration::from_millis(100),
        clock: &clock,
        pause: async |pause: Duration| world.pass(pause.as_millis() as i64),
    };
    let claim = |worker: &Registered| {
        let asking = world.call(worker).unwrap();
        block_on(queue::claim_within(&world.cx(), &watch, &asking, Wish::default(), &patience)).unwrap()
    };
    assert!(claim(&one).is_some());
    assert!(claim(&two).is_none(), "a shared look is no promise");
}
