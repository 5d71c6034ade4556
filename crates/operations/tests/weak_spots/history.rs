//! What workers are told of the past: W-44, W-45, W-54.

use clawstead_domain::config::MessagesPolicy;
use clawstead_domain::conversation::{NewTurn, Role};
use clawstead_operations::configs;
use clawstead_operations::queue::{self, Bundle, Job};
use clawstead_operations::workers::Registered;
use clawstead_vault::KeyRing;
use futures::executor::block_on;

use crate::world::{World, code, ending};

fn talk(world: &World, worker: &Registered, turns: &[NewTurn]) -> Job {
    world.enqueue("c", "hi");
    let job = world.claim(worker).unwrap();
    let caller = world.call(worker).unwrap();
    for chunk in turns.chunks(50) {
        block_on(queue::append_turns(&world.cx(), &caller, "c", chunk)).unwrap();
    }
    job
}

fn said(content: String) -> NewTurn {
    NewTurn { role: Role::User, content, at: None }
}

fn bundle(world: &World, worker: &Registered, job: &Job) -> Bundle {
    let keys = KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let worker = world.call(worker).unwrap();
    block_on(queue::hydrate(&world.cx(), &keys, &worker, &job.message_id)).unwrap()
}

fn policy(world: &World, policy: &MessagesPolicy) {
    block_on(configs::set(&world.cx(), policy)).unwrap();
}

#[test]
fn w44_turns_are_fenced_by_the_lease_and_appended_once() {
    let world = World::new();
    let worker = world.worker();
    let turns = [said("one".to_owned()), said("two".to_owned())];
    let job = talk(&world, &worker, &turns);
    let caller = world.call(&worker).unwrap();
    let append = || block_on(queue::append_turns(&world.cx(), &caller, "c", &turns));
    assert_eq!(append().unwrap().turn_count, 2, "the same turns again");
    block_on(queue::complete(&world.cx(), ending(&worker, &job))).unwrap();
    assert_eq!(code(append()), "lease_not_yours");
    assert_eq!(world.rows("SELECT 1 FROM turns").len(), 2);
}

#[test]
fn w45_hydration_gives_the_newest_turns_within_the_budget() {
    let world = World::new();
    let worker = world.worker();
    let turns: Vec<_> = (0..100).map(|n| said(format!("turn {n:03}"))).collect();
    let job = talk(&world, &worker, &turns);
    let given =
        |world: &World| -> Vec<String> { bundle(world, &worker, &job).turns.into_iter().map(|turn| turn.content).collect() };
    let by_default = given(&world);
    assert_eq!((by_default.len(), by_default[0].as_str(), by_default[63].as_str()), (64, "turn 036", "turn 099"));
    policy(&world, &MessagesPolicy { hydration_turns_max: 3, ..MessagesPolicy::default() });
    assert_eq!(given(&world), ["turn 097", "turn 098", "turn 099"]);
    // Eight bytes a turn: two fit, and no half.
    policy(&world, &MessagesPolicy { hydration_bytes_max: 23, ..MessagesPolicy::default() });
    assert_eq!(given(&world), ["turn 098", "turn 099"]);
    policy(&world, &MessagesPolicy { hydration_turns_max: 0, ..MessagesPolicy::default() });
    assert_eq!(given(&world), Vec::<String>::new());
}

#[test]
fn w45_bytes_are_counted_and_not_characters() {
    let world = World::new();
    let worker = world.worker();
    let job = talk(&world, &worker, &[said("ééé".to_owned()), said("ok".to_owned())]);
    policy(&world, &MessagesPolicy { hydration_bytes_max: 7, ..MessagesPolicy::default() });
    assert_eq!(bundle(&world, &worker, &job).turns.len(), 1);
    policy(&world, &MessagesPolicy { hydration_bytes_max: 8, ..MessagesPolicy::default() });
    assert_eq!(bundle(&world, &worker, &job).turns.len(), 2);
}

#[test]
fn w54_the_system_prompt_is_a_field_and_a_row_and_never_what_the_user_wrote() {
    let world = World::new();
    let worker = world.worker();
    let turns: Vec<_> = (0..30).map(|n| said(n.to_string())).collect();
    let job = talk(&world, &worker, &turns);
    assert_eq!(bundle(&world, &worker, &job).system_prompt, None);
    policy(&world, &MessagesPolicy { system_prompt: " Be brief. ".to_owned(), ..MessagesPolicy::default() });
    let bundle = bundle(&world, &worker, &job);
    assert_eq!(bundle.system_prompt.as_deref(), Some("Be brief."), "it holds for what was queued before, too");
    assert_eq!(bundle.message["text"], "hi");
    let history = bundle.history();
    let last: Vec<_> = history[history.len() - 12..].iter().map(|row| (row.role.as_str(), row.content.as_str())).collect();
    assert_eq!((last[0], last[1], last[11]), (("system", "Be brief."), ("user", "19"), ("user", "29")));
    assert_eq!(history.len(), 31);
    assert!(bundle.turns.iter().all(|turn| turn.role == "user"), "turns are what was said");
}

#[test]
fn w54_the_first_message_of_a_conversation_has_the_system_prompt_as_well() {
    let world = World::new();
    let worker = world.worker();
    policy(&world, &MessagesPolicy { system_prompt: "Be brief.".to_owned(), ..MessagesPolicy::default() });
    let job = talk(&world, &worker, &[]);
    let history = bundle(&world, &worker, &job).history();
    assert_eq!(history.iter().map(|row| row.role.as_str()).collect::<Vec<_>>(), ["system"]);
    assert_eq!(world.rows("SELECT 1 FROM turns").len(), 0);
}
