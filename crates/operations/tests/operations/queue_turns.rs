//! What was said, and by whom.

use clawstead_domain::conversation::{NewTurn, Role};
use clawstead_operations::queue;
use futures::executor::block_on;

use crate::world::{World, code, ending};

fn said(content: &str) -> NewTurn {
    NewTurn { role: Role::Assistant, content: content.to_owned(), at: None }
}

#[test]
fn turns_are_numbered_through_and_the_same_ones_count_once() {
    let world = World::new();
    world.enqueue("c", "hi");
    let registered = world.worker();
    world.claim(&registered).unwrap();
    let worker = world.call(&registered).unwrap();
    let append = |turns: &[NewTurn]| block_on(queue::append_turns(&world.cx(), &worker, "c", turns)).unwrap().turn_count;
    assert_eq!(append(&[said("one"), said("two")]), 2);
    assert_eq!(append(&[said("three")]), 3);
    assert_eq!(append(&[said("one"), said("two")]), 3);
    let turns = block_on(queue::turns(&world.cx(), "c", 0, 10)).unwrap();
    let numbered: Vec<_> = turns.iter().map(|turn| (turn.turn_no, turn.content.as_str())).collect();
    assert_eq!(numbered, [(1, "one"), (2, "two"), (3, "three")]);
    assert_eq!(block_on(queue::turns(&world.cx(), "c", 2, 10)).unwrap().len(), 1);
}

#[test]
fn nobody_speaks_without_the_lease() {
    let world = World::new();
    world.enqueue("c", "hi");
    let (holder, other) = (world.worker(), world.worker());
    let job = world.claim(&holder).unwrap();
    let append = |of: &_| {
        let worker = world.call(of).unwrap();
        block_on(queue::append_turns(&world.cx(), &worker, "c", &[said("x")]))
    };
    assert_eq!(code(append(&other)), "lease_not_yours");
    block_on(queue::complete(&world.cx(), ending(&holder, &job))).unwrap();
    assert_eq!(code(append(&holder)), "lease_not_yours");
    world.enqueue("c", "again");
    world.claim(&holder).unwrap();
    world.pass(90_000);
    assert_eq!(code(append(&holder)), "lease_expired");
    assert_eq!(world.rows("SELECT * FROM turns"), Vec::<String>::new());
}
