//! Push jobs and broadcasts: P-3 to P-8, P-11 to P-13 of the existing system's weak spots (its scenarios PU-1 to PU-18). P-1, P-2 and PU-15
//! are with the domain.

use clawstead_domain::binding::{Account, Bind};
use clawstead_domain::push::{JobChange, Periodicity, PushJob, Schedule, TemplateDraft};
use clawstead_ledger::Expected;
use clawstead_operations::push::{self, Dispatched, JobText, NewJob, RunsOf, Triggered};
use clawstead_operations::{OperationError, bindings, queue};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::world::{World, code};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn schedule(value: Value) -> Schedule {
    serde_json::from_value(value).unwrap()
}

/// Every day, at the hour that the worlds begin with and an hour more: the next is in an hour.
fn hourly_after(world: &World) -> Schedule {
    let hour = (world.now() / HOUR + 1) % 24;
    schedule(json!({"kind": "daily", "time": format!("{hour:02}:00")}))
}

fn bind(world: &World, user: &str, agent: &str) {
    let wanted = Bind { consumer_user_id: user.into(), agent_key: agent.into(), ..Bind::default() };
    block_on(bindings::make(&world.cx(), &wanted, None)).unwrap();
}

fn bound() -> World {
    let world = World::new();
    bind(&world, "ada", "a");
    world
}

fn wanted(text: &str, schedule: Schedule) -> NewJob {
    NewJob {
        company_id: Some("acme".into()),
        consumer_user_id: "ada".into(),
        agent_key: None,
        says: JobText::Own { title: "Check-in".into(), text: text.into(), schedule, periodicity: None },
        timezone: "UTC".into(),
        enabled: true,
    }
}

fn job(world: &World, text: &str, schedule: Schedule) -> PushJob {
    block_on(push::create_job(&world.cx(), &wanted(text, schedule))).unwrap()
}

fn dispatch(world: &World) -> Dispatched {
    block_on(push::dispatch_due(&world.cx(), 100)).unwrap()
}

fn trigger(world: &World, job: &PushJob, key: Option<&str>) -> Result<Triggered, OperationError> {
    block_on(push::trigger(&world.cx(), &job.job_id, None, key))
}

fn now(world: &World, job: &PushJob) -> PushJob {
    block_on(push::job(&world.cx(), &job.job_id)).unwrap()
}

fn texts(world: &World) -> Vec<String> {
    world.texts("SELECT data ->> '$.text' FROM events WHERE type = 'MessageEnqueued' ORDER BY position")
}

/// What came of the runs of a job, newest first.
fn runs(world: &World, job: &PushJob) -> Vec<(String, Option<String>)> {
    let found = block_on(push::dispatches(&world.cx(), RunsOf::Job(&job.job_id), &None, i64::MAX, 100)).unwrap();
    found.into_iter().map(|run| (run.status, run.error)).collect()
}

#[test]
fn pu1_a_slot_is_one_message_in_the_users_conversation() {
    let world = bound();
    let job = job(&world, "How are you?", hourly_after(&world));
    assert_eq!(dispatch(&world), Dispatched::default(), "it is not due yet");
    world.pass(HOUR);
    assert_eq!(dispatch(&world), Dispatched { scanned: 1, enqueued: 1, ..Dispatched::default() });
    assert_eq!(dispatch(&world), Dispatched::default());
    assert_eq!(texts(&world), ["How are you?"]);
    let data = world.texts("SELECT data FROM events WHERE type = 'MessageEnqueued'");
    let data: Value = serde_json::from_str(&data[0]).unwrap();
    assert_eq!((&data["provider"], &data["provider_user_id"]), (&json!("system_push"), &json!("ada")));
    assert_eq!(data["metadata"]["pushMode"], "scheduled");
    let conversation = world.texts("SELECT conversation_id FROM user_agents WHERE consumer_user_id = 'ada'");
    assert_eq!(world.texts("SELECT conversation_id FROM messages"), conversation);
    let after = now(&world, &job);
    assert_eq!(after.next_run_at, job.next_run_at.map(|at| at + DAY));
    assert_eq!(
        (after.last_run_key, after.agent_key.as_deref()),
        (Some(data["metadata"]["runKey"].as_str().unwrap().to_owned()), Some("a"))
    );
    assert_eq!(runs(&world, &job), [("enqueued".to_owned(), None)]);
}

#[test]
fn pu2_what_is_triggered_for_somebody_with_a_chat_goes_by_telegram() {
    let world = World::new();
    let account = Account { bot_id: "9".into(), telegram_user_id: "7".into(), telegram_chat_id: "70".into() };
    let of_chat = Bind { consumer_user_id: "ada".into(), agent_key: "a".into(), account: Some(account), ..Bind::default() };
    block_on(bindings::make(&world.cx(), &of_chat, None)).unwrap();
    let job = job(&world, "hi", Schedule::Manual {});
    trigger(&world, &job, None).unwrap();
    let data = world.texts("SELECT data FROM events WHERE type = 'MessageEnqueued'");
    let data: Value = serde_json::from_str(&data[0]).unwrap();
    assert_eq!((&data["provider"], &data["provider_user_id"]), (&json!("telegram"), &json!("7")));
    let metadata = &data["metadata"];
    assert_eq!((&metadata["telegramChatId"], &metadata["pushMode"]), (&json!("70"), &json!("manual")));
}

#[test]
fn p3_jobs_that_only_run_when_somebody_asks_take_no_place_of_those_that_are_due() {
    let world = bound();
    for _ in 0..5 {
        job(&world, "by hand", Schedule::Manual {});
    }
    job(&world, "due", hourly_after(&world));
    world.pass(HOUR);
    let done = block_on(push::dispatch_due(&world.cx(), 1)).unwrap();
    assert_eq!((done.scanned, done.enqueued), (1, 1));
    assert_eq!(texts(&world), ["due"]);
}

#[test]
fn p5_nothing_is_sent_for_a_user_who_is_not_bound_any_more() {
    let world = bound();
    let job = job(&world, "hi", hourly_after(&world));
    block_on(bindings::revoke_of_user(&world.cx(), "ada", "test")).unwrap();
    world.pass(HOUR);
    assert_eq!(dispatch(&world), Dispatched { scanned: 1, failed: 1, ..Dispatched::default() });
    assert_eq!(runs(&world, &job), [("failed".to_owned(), Some("no_active_binding".to_owned()))]);
    assert_eq!(now(&world, &job).next_run_at, job.next_run_at.map(|at| at + DAY), "and it goes on");
    assert_eq!(code(trigger(&world, &job, None)), "no_active_binding");
    assert_eq!(texts(&world), Vec::<String>::new());
}

#[test]
fn p6_a_slot_that_is_due_outlives_a_new_title_a_new_time_and_a_click() {
    let world = bound();
    let job = job(&world, "hi", hourly_after(&world));
    world.pass(HOUR + 1);
    let other = schedule(json!({"kind": "weekly", "weekday": 1, "time": "03:00"}));
    for change in [
        JobChange { title: Some("Other".into()), ..JobChange::default() },
        JobChange { schedule: Some(other), ..JobChange::default() },
    ] {
        block_on(push::change_job(&world.cx(), &job.job_id, &change)).unwrap();
    }
    trigger(&world, &job, None).unwrap();
    assert_eq!(dispatch(&world).enqueued, 1);
    assert_eq!(texts(&world).len(), 2, "the click and the slot");
    let next = now(&world, &job).next_run_at.unwrap();
    assert!(next > world.now() && next % DAY == 3 * HOUR, "by the new schedule: {next}");
}

#[test]
fn p7_a_double_click_with_its_key_is_one_run() {
    let world = bound();
    let job = job(&world, "hi", Schedule::Manual {});
    let first = trigger(&world, &job, Some("click")).unwrap();
    world.pass(5);
    let again = trigger(&world, &job, Some("click")).unwrap();
    assert_eq!((&first.message_id, &first.run_key, again.repeated), (&again.message_id, &again.run_key, true));
    assert_ne!(trigger(&world, &job, Some("another")).unwrap().message_id, first.message_id);
    assert_eq!(runs(&world, &job).len(), 2);
    let stats = block_on(push::push_stats(&world.cx(), "ada", "a", &None)).unwrap();
    assert_eq!((stats.total_push_jobs, stats.active_push_jobs, stats.total_dispatches), (1, 1, 2));
    assert_eq!(stats.latest_dispatch_at, Some(world.now()));
}

#[test]
fn p7_a_run_that_failed_is_not_tried_again_under_its_key() {
    let world = bound();
    let job = job(&world, "hi", Schedule::Manual {});
    world.agent("a", false);
    assert_eq!(code(trigger(&world, &job, Some("click"))), "push_run_failed");
    world.agent("a", true);
    assert_eq!(code(trigger(&world, &job, Some("click"))), "push_run_failed");
    assert_eq!(texts(&world), Vec::<String>::new());
    assert_eq!(runs(&world, &job), [("failed".to_owned(), Some("agent_disabled".to_owned()))]);
    trigger(&world, &job, Some("another")).unwrap();
}

#[test]
fn p8_the_newest_runs_come_first_and_a_job_keeps_two_hundred() {
    let world = bound();
    let job = job(&world, "hi", hourly_after(&world));
    let mut slots = Vec::new();
    for _ in 0..4 {
        let slot = now(&world, &job).next_run_at.unwrap();
        world.pass(slot - world.now());
        dispatch(&world);
        slots.push(slot);
    }
    let newest = block_on(push::dispatches(&world.cx(), RunsOf::UserAgent("ada", "a"), &None, i64::MAX, 2)).unwrap();
    let of = |run: &push::DispatchView| run.scheduled_for;
    assert_eq!(newest.iter().map(of).collect::<Vec<_>>(), [slots[3], slots[2]]);
    let older = block_on(push::dispatches(&world.cx(), RunsOf::UserAgent("ada", "a"), &None, newest[1].position, 2)).unwrap();
    assert_eq!(older.iter().map(of).collect::<Vec<_>>(), [slots[1], slots[0]]);
    for _ in 0..205 {
        trigger(&world, &job, None).unwrap();
    }
    assert_eq!(world.texts("SELECT CAST(count(*) AS TEXT) FROM push_dispatches"), ["200"]);
    assert_eq!(block_on(push::push_stats(&world.cx(), "ada", "a", &None)).unwrap().total_dispatches, 209, "and counts them all");
}

#[test]
fn pu9_a_month_without_ticks_is_one_message_for_each_job() {
    let world = bound();
    let job = job(&world, "hi", hourly_after(&world));
    world.pass(30 * DAY + 2 * HOUR);
    assert_eq!(dispatch(&world).enqueued, 1);
    assert_eq!(dispatch(&world).scanned, 0);
    let found = block_on(push::dispatches(&world.cx(), RunsOf::Job(&job.job_id), &None, i64::MAX, 10)).unwrap();
    assert_eq!((found.len(), found[0].missed), (1, 30));
    assert!(now(&world, &job).next_run_at.unwrap() > world.now());
}

#[test]
fn pu17_a_message_whose_run_was_not_recorded_is_sent_once_and_recorded_later() {
    let world = bound();
    let job = job(&world, "hi", hourly_after(&world));
    world.pass(HOUR);
    dispatch(&world);
    // As a crash between the two appends leaves it: the message is there, and the job does not know.
    let forgotten = || {
        block_on(clawstead_ledger::Engine::execute(
            world.ledger.engine(),
            "UPDATE push_jobs SET next_run_at = ?1, last_run_at = NULL, last_run_key = NULL, dispatches = 0",
            &[job.next_run_at.into()],
        ))
        .unwrap();
        block_on(clawstead_ledger::Engine::execute(world.ledger.engine(), "DELETE FROM push_dispatches", &[])).unwrap();
    };
    forgotten();
    world.pass(7);
    assert_eq!(dispatch(&world), Dispatched { scanned: 1, enqueued: 1, ..Dispatched::default() });
    assert_eq!((texts(&world).len(), runs(&world, &job).len()), (1, 1));
    forgotten();
    let off = JobChange { enabled: Some(false), ..JobChange::default() };
    let off = block_on(push::change_job(&world.cx(), &job.job_id, &off)).unwrap();
    assert_eq!((off.next_run_at, runs(&world, &job).len()), (None, 1), "turned off, and yet the run is told of");
    assert_eq!((dispatch(&world).scanned, texts(&world).len()), (0, 1));
}

#[test]
fn a_run_that_was_asked_for_and_interrupted_is_ended_by_the_tick() {
    let world = bound();
    let job = job(&world, "hi", Schedule::Manual {});
    let wanted = clawstead_domain::push::PushJobEvent::PushJobTriggered { run_key: "manual:x:y".into() };
    block_on(world.cx().append(&job.job_id, Expected::Any, &[wanted])).unwrap();
    assert_eq!(runs(&world, &job)[0].0, "pending");
    assert_eq!(world.texts("SELECT what FROM due_pushes"), ["push_run"]);
    assert_eq!(dispatch(&world).enqueued, 1);
    assert_eq!((dispatch(&world).scanned, texts(&world).len()), (0, 1));
    assert_eq!(world.texts("SELECT what FROM due_pushes"), Vec::<String>::new());
}

#[test]
fn p9_p11_one_job_that_cannot_send_keeps_no_other_waiting_and_says_why() {
    let world = bound();
    bind(&world, "bjorn", "b");
    let of_bjorn = NewJob { consumer_user_id: "bjorn".into(), ..wanted("to b", hourly_after(&world)) };
    let of_bjorn = block_on(push::create_job(&world.cx(), &of_bjorn)).unwrap();
    job(&world, "to a", hourly_after(&world));
    world.agent("b", false);
    world.pass(HOUR);
    assert_eq!(dispatch(&world), Dispatched { scanned: 2, enqueued: 1, failed: 1, skipped: 0 });
    assert_eq!(runs(&world, &of_bjorn), [("failed".to_owned(), Some("agent_disabled".to_owned()))]);
    assert_eq!(texts(&world), ["to a"]);
}

#[test]
fn pu16_a_job_for_an_agent_wants_the_user_bound_to_it_and_goes_to_no_other() {
    let world = bound();
    let for_b = NewJob { agent_key: Some("b".into()), ..wanted("hi", hourly_after(&world)) };
    assert_eq!(code(block_on(push::create_job(&world.cx(), &for_b))), "agent_not_current");
    let for_a = NewJob { agent_key: Some("a".into()), ..for_b };
    let pinned = block_on(push::create_job(&world.cx(), &for_a)).unwrap();
    let following = job(&world, "follows", hourly_after(&world));
    assert_eq!(code(block_on(push::trigger(&world.cx(), &pinned.job_id, Some(("ada", "b")), None))), "push_job_not_found");
    block_on(bindings::revoke_of_user(&world.cx(), "ada", "test")).unwrap();
    bind(&world, "ada", "b");
    world.pass(HOUR);
    dispatch(&world);
    assert_eq!(texts(&world), ["follows"]);
    assert_eq!(now(&world, &following).agent_key.as_deref(), Some("b"));
    assert_eq!(runs(&world, &pinned)[0].0, "failed");
}

fn template(world: &World, company: &str, periodicity: Periodicity, times: Value) -> Result<String, OperationError> {
    let draft = TemplateDraft {
        company_id: Some(company.into()),
        template_key: "check-in".into(),
        title: "Check-in".into(),
        text: "of a template".into(),
        periodicity,
        suggested_times: serde_json::from_value(times).unwrap(),
        enabled: true,
        by: "ada".into(),
    };
    block_on(push::create_template(&world.cx(), &draft)).map(|made| made.template_id)
}

#[test]
fn pu13_pu14_a_template_key_is_one_in_its_company_and_its_jobs_are_the_companys() {
    let world = bound();
    let daily = json!([{"kind": "daily", "time": "08:00"}, {"kind": "daily", "time": "20:00"}]);
    let acmes = template(&world, "acme", Periodicity::Daily, daily.clone()).unwrap();
    assert_eq!(code(template(&world, "acme", Periodicity::Daily, daily.clone())), "push_template_key_taken");
    let initechs = template(&world, "initech", Periodicity::Manual, json!([])).unwrap();
    let of = |template_id: &str, schedule: Option<Schedule>| {
        let says = JobText::Template(template_id.to_owned(), schedule);
        block_on(push::create_job(&world.cx(), &NewJob { says, ..wanted("", Schedule::Manual {}) }))
    };
    assert_eq!(code(of(&initechs, None)), "push_template_not_found");
    let made = of(&acmes, None).unwrap();
    assert_eq!((made.text.as_str(), made.schedule), ("of a template", schedule(daily[0].clone())), "the first that is suggested");
    assert_eq!(of(&acmes, Some(schedule(daily[1].clone()))).unwrap().schedule, schedule(daily[1].clone()));
    assert_eq!(code(of(&acmes, Some(Schedule::Manual {}))), "invalid_field");
}

#[test]
fn p12_lists_and_figures_are_of_the_companies_that_are_meant() {
    let world = bound();
    let acmes = job(&world, "hi", Schedule::Manual {});
    let initechs = NewJob { company_id: Some("initech".into()), ..wanted("hi", Schedule::Manual {}) };
    trigger(&world, &block_on(push::create_job(&world.cx(), &initechs)).unwrap(), None).unwrap();
    trigger(&world, &acmes, None).unwrap();
    for (companies, count) in [(None, 2), (Some(vec!["acme".to_owned()]), 1), (Some(vec![String::new()]), 0)] {
        let jobs = block_on(push::jobs_of_user(&world.cx(), "ada", Some("a"), &companies, true)).unwrap();
        let runs = block_on(push::dispatches(&world.cx(), RunsOf::UserAgent("ada", "a"), &companies, i64::MAX, 10)).unwrap();
        let stats = block_on(push::push_stats(&world.cx(), "ada", "a", &companies)).unwrap();
        assert_eq!((jobs.len(), runs.len(), stats.total_dispatches), (count, count, count as i64), "{companies:?}");
    }
}

#[test]
fn p13_a_template_that_is_disabled_makes_no_jobs_and_a_user_has_a_hundred_at_most() {
    let world = bound();
    let acmes = template(&world, "acme", Periodicity::Manual, json!([])).unwrap();
    let off = clawstead_domain::push::TemplateChange { enabled: Some(false), by: "ada".into(), ..Default::default() };
    block_on(push::change_template(&world.cx(), &acmes, &off)).unwrap();
    let of_it = NewJob { says: JobText::Template(acmes, None), ..wanted("", Schedule::Manual {}) };
    assert_eq!(code(block_on(push::create_job(&world.cx(), &of_it))), "push_template_not_found");
    for _ in 0..100 {
        job(&world, "hi", Schedule::Manual {});
    }
    assert_eq!(code(block_on(push::create_job(&world.cx(), &wanted("hi", Schedule::Manual {})))), "too_many_push_jobs");
    let first = block_on(push::jobs_of_user(&world.cx(), "ada", None, &None, true)).unwrap().pop().unwrap();
    block_on(push::delete_job(&world.cx(), &first.job_id)).unwrap();
    job(&world, "hi", Schedule::Manual {});
}

#[test]
fn figures_of_a_conversation_are_those_of_the_user_who_is_bound() {
    let world = bound();
    let job = job(&world, "hi", Schedule::Manual {});
    let (first, _) = (trigger(&world, &job, None).unwrap(), trigger(&world, &job, None).unwrap());
    let stats = || block_on(clawstead_operations::users::conversation_stats(&world.cx(), "ada", "a")).unwrap();
    assert_eq!((stats().queued_messages, stats().failed_messages), (2, 0));
    block_on(queue::cancel(&world.cx(), &first.message_id)).unwrap();
    assert_eq!((stats().queued_messages, stats().failed_messages), (1, 1));
    world.agent("a", false);
    assert_eq!(stats(), clawstead_operations::users::ConversationStats::default());
}
