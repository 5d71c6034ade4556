//! What can happen.

use clawstead_domain::config::{LeasePolicy, QueuePolicy, RetryPolicy};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

pub(super) const CONVERSATIONS: usize = 4;
pub(super) const WORKERS: usize = 3;
pub(super) const AGENTS: [&str; 2] = ["a", "b"];

/// One thing that happens. Jobs are named by how long ago they were handed out, messages by how long ago they were accepted: 0
/// is the newest.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Enqueue {
        conversation: usize,
        key: Option<u8>,
        external: Option<u8>,
        priority: Option<i64>,
        in_ms: Option<i64>,
        max_attempts: Option<i64>,
    },
    Claim {
        worker: usize,
        wanted: Option<usize>,
    },
    Heartbeat {
        job: usize,
    },
    Complete {
        job: usize,
    },
    Fail {
        job: usize,
    },
    Say {
        job: usize,
    },
    Cancel {
        message: usize,
    },
    Reschedule {
        message: usize,
        in_ms: i64,
    },
    Replay {
        message: usize,
    },
    Discard {
        message: usize,
    },
    ReplayMany {
        limit: i64,
    },
    Pass {
        ms: i64,
    },
    Recover {
        limit: i64,
    },
    Switch {
        agent: usize,
        enabled: bool,
    },
    Replace {
        worker: usize,
    },
    Drain {
        worker: usize,
    },
    Stop {
        worker: usize,
    },
    Link {
        agent: usize,
    },
    Leases(LeasePolicy),
    Retries(RetryPolicy),
    Order(QueuePolicy),
}

fn enqueue() -> impl Strategy<Value = Step> {
    let key = option::weighted(0.4, 0..6_u8);
    let in_ms = option::weighted(0.2, 0..200_000_i64);
    let external = option::weighted(0.3, 0..6_u8);
    (0..CONVERSATIONS, key, external, option::of(0..=100_i64), in_ms, option::of(1..4_i64)).prop_map(
        |(conversation, key, external, priority, in_ms, max_attempts)| Step::Enqueue {
            conversation,
            key,
            external,
            priority,
            in_ms,
            max_attempts,
        },
    )
}

fn policy() -> impl Strategy<Value = Step> {
    let leases = (1_000..200_000_i64, 3_000..200_000_i64, 1..5_i64).prop_map(|(lease_ms, silent_after_ms, max_deliveries)| {
        Step::Leases(LeasePolicy { lease_ms, silent_after_ms, max_deliveries })
    });
    let retries = (1..5_i64, 1..5_000_i64, 5_000..100_000_i64).prop_map(|(max_attempts, base_delay_ms, max_delay_ms)| {
        Step::Retries(RetryPolicy { max_attempts, base_delay_ms, max_delay_ms })
    });
    let limits = (3..30_i64, 5..60_i64);
    let order = (0..=100_i64, 0..5_000_i64, limits).prop_map(
        |(default_priority, priority_point_ms, (conversation_messages_max, agent_messages_max))| {
            Step::Order(QueuePolicy { default_priority, priority_point_ms, conversation_messages_max, agent_messages_max })
        },
    );
    prop_oneof![leases, retries, order]
}

/// Mostly the newest jobs, sometimes one of long ago: a late holder.
fn job() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..2_usize, 1 => 0..12_usize]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => enqueue(),
        24 => (0..WORKERS, option::weighted(0.2, 0..CONVERSATIONS)).prop_map(|(worker, wanted)| Step::Claim { worker, wanted }),
        10 => job().prop_map(|job| Step::Heartbeat { job }),
        14 => job().prop_map(|job| Step::Complete { job }),
        8 => job().prop_map(|job| Step::Fail { job }),
        4 => job().prop_map(|job| Step::Say { job }),
        5 => (0..12_usize).prop_map(|message| Step::Cancel { message }),
        4 => (0..12_usize, 0..100_000_i64).prop_map(|(message, in_ms)| Step::Reschedule { message, in_ms }),
        4 => (0..40_usize).prop_map(|message| Step::Replay { message }),
        2 => (0..40_usize).prop_map(|message| Step::Discard { message }),
        2 => (1..4_i64).prop_map(|limit| Step::ReplayMany { limit }),
        10 => prop_oneof![Just(1_i64), 100..5_000_i64, 20_000..130_000_i64].prop_map(|ms| Step::Pass { ms }),
        6 => (1..4_i64).prop_map(|limit| Step::Recover { limit }),
        3 => (0..AGENTS.len(), any::<bool>()).prop_map(|(agent, enabled)| Step::Switch { agent, enabled }),
        2 => (0..WORKERS).prop_map(|worker| Step::Replace { worker }),
        2 => (0..WORKERS).prop_map(|worker| Step::Drain { worker }),
        1 => (0..WORKERS).prop_map(|worker| Step::Stop { worker }),
        2 => policy(),
        1 => (0..AGENTS.len()).prop_map(|agent| Step::Link { agent }),
    ]
}

/// A sequence of things that happen.
pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..most)
}
