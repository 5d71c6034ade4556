//! What the host says of itself is seen by the checker.

use clawstead_sim::plane::Build;
use clawstead_sim::schedule::{Action, StatementFault, Statements, Step};
use clawstead_sim::world;

#[test]
fn a_killed_component_is_told_of_in_the_hosts_lines() {
    let build = Build::shipped().expect("an engine");
    let kill =
        Action::Statement { which: Statements::Of("fly-reconciler"), skip: 0, fault: StatementFault::KilledBefore, times: 1 };
    // The second step keeps the fault in force until the reconciler has run.
    let steps = [Step { at_ms: 0, action: kill }, Step { at_ms: 60_000, action: Action::Ticks { count: 1 } }];
    let remains = world::run(&build, 1, &steps).expect("a run");
    let lines = remains.history.host_lines();
    assert!(lines.iter().any(|line| line.contains("instance failed")), "{lines:?}");
}
