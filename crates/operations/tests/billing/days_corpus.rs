//! Days as somebody may write them, from which costs are listed.

use clawstead_fuzz::Target;
use clawstead_operations::{OperationError, money};
use futures::executor::block_on;

use crate::world::World;

const TARGET: Target = Target { name: "days", words: &["-", "+", "/", "T00:00:00Z", "2026", "02-29", "agent"], mutations: 3_000 };

#[test]
fn corpus_of_days() {
    let world = World::new(1);
    world.enqueue("c1");
    world.tick();
    let far = TARGET.run(|name, bytes| {
        let text = String::from_utf8_lossy(bytes);
        let taken = [("from", Some(&*text), None), ("after", None, Some(&*text))].map(|(field, from, after)| {
            match world.with_cx(|cx| block_on(money::days(cx, from, after, 2))) {
                Ok(days) => {
                    assert!(days.costs.len() <= 2, "a page");
                    true
                }
                Err(OperationError::Refused(refusal)) => {
                    assert_eq!((refusal.code, refusal.field), ("invalid_field", Some(field)));
                    false
                }
                Err(error) => panic!("{error:?}"),
            }
        });
        let is_taken = taken.contains(&true);
        assert!(!name.starts_with("valid-") || is_taken, "it is refused");
        assert!(!name.starts_with("bad-") || !is_taken, "it is taken");
        is_taken
    });
    assert!(far > TARGET.mutations / 50, "only {far} are days");
}
