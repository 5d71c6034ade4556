//! How often somebody may ask.

use clawstead_domain::config::LimitsPolicy;
use clawstead_operations::ingress::IngressBot;
use clawstead_operations::{configs, counts};
use clawstead_service::{Principal, Problem, Rates};
use futures::executor::block_on;

use crate::world::{World, key};

const MAX: i64 = 5;

fn limited() -> World {
    let world = World::new();
    let policy = LimitsPolicy { key_requests_max: MAX, bot_updates_max: MAX, ..LimitsPolicy::default() };
    block_on(configs::set(&world.cx(), &policy)).unwrap();
    world
}

fn ask(world: &World, rates: &Rates, principal: &Principal) -> Result<(), Problem> {
    block_on(rates.take(&world.cx(), principal))
}

#[test]
fn a_key_may_ask_so_often_a_minute_and_is_told_when_again() {
    let (world, rates, app) = (limited(), Rates::default(), key(None, None));
    for _ in 0..MAX {
        ask(&world, &rates, &app).unwrap();
    }
    world.pass(20_000);
    let problem = ask(&world, &rates, &app).unwrap_err();
    assert_eq!((problem.status.as_u16(), problem.code, problem.retry_after_s), (429, "rate_limited", Some(41)));
    world.pass(41_000);
    ask(&world, &rates, &app).unwrap();
}

#[test]
fn what_other_instances_counted_counts_within_a_second() {
    let (world, left, right, app) = (limited(), Rates::default(), Rates::default(), key(None, None));
    for _ in 0..MAX {
        ask(&world, &left, &app).unwrap();
        world.pass(1_000);
    }
    assert!(ask(&world, &right, &app).is_err(), "another instance");
}

#[test]
fn each_bot_is_counted_for_itself_and_the_operator_not_at_all() {
    let (world, rates) = (limited(), Rates::default());
    let bot = |bot_id: &str| {
        Principal::Bot(Box::new(IngressBot { bot_id: bot_id.to_owned(), agent_key: "a".to_owned(), username: "b".to_owned() }))
    };
    for _ in 0..MAX {
        ask(&world, &rates, &bot("1")).unwrap();
    }
    assert!(ask(&world, &rates, &bot("1")).is_err());
    ask(&world, &rates, &bot("2")).unwrap();
    for _ in 0..2 * MAX {
        ask(&world, &rates, &Principal::Operator).unwrap();
    }
}

#[test]
fn a_changed_limit_is_obeyed_after_a_second() {
    let (world, rates, app) = (limited(), Rates::default(), key(None, None));
    for _ in 0..MAX {
        ask(&world, &rates, &app).unwrap();
    }
    assert!(ask(&world, &rates, &app).is_err());
    block_on(configs::set(&world.cx(), &LimitsPolicy::default())).unwrap();
    world.pass(1_000);
    ask(&world, &rates, &app).unwrap();
}

#[test]
fn a_second_of_requests_is_one_write() {
    let (world, rates, app) = (World::new(), Rates::default(), key(None, None));
    let written = || block_on(counts::beginning_with(&world.cx(), "key:")).unwrap().first().map_or(0, |(_, one)| one.count);
    for _ in 0..100 {
        ask(&world, &rates, &app).unwrap();
    }
    assert_eq!(written(), 1, "the first one");
    world.pass(1_000);
    ask(&world, &rates, &app).unwrap();
    assert_eq!(written(), 101);
}

#[test]
fn failures_are_counted_by_what_somebody_came_as() {
    let (world, rates) = (World::new(), Rates::default());
    for _ in 0..3 {
        block_on(rates.note_failure(&world.cx(), "bot"));
        world.pass(1_000);
    }
    let counted = block_on(counts::beginning_with(&world.cx(), counts::FAILURES)).unwrap();
    assert_eq!((counted.len(), counted[0].0.as_str(), counted[0].1.count), (1, "auth_failed:bot", 3));
}
