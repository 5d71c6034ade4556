//! The checker is checked: components that are broken on purpose are seen to be broken.

use std::sync::OnceLock;

use clap::ValueEnum;
use clawstead_mutation::Mutation;
use clawstead_sim::check::check;
use clawstead_sim::plane::Build;
use clawstead_sim::schedule::{Action, Class, draw};
use clawstead_sim::shrink::{part, shrink};
use clawstead_sim::world;

/// A mistake must be seen within so many seeds.
const SEEDS_MAX: u64 = 200;

/// Steps of each schedule.
const STEPS: u64 = 60;

fn build() -> &'static Build {
    static BUILD: OnceLock<Build> = OnceLock::new();
    BUILD.get_or_init(|| Build::mutated().expect("the broken components"))
}

/// The first seed that shows the mistake, and which promises it breaks.
fn first_seed(mutation: Mutation) -> Option<(u64, Vec<&'static str>)> {
    let build = build().making(mutation.word());
    (1..=SEEDS_MAX).find_map(|seed| {
        let remains = world::run(&build, seed, &draw(seed, STEPS, Class::value_variants())).expect("a run");
        let broken: Vec<&str> = check(&remains).expect("a check").iter().map(|violation| violation.rule).collect();
        (!broken.is_empty()).then_some((seed, broken))
    })
}

macro_rules! caught {
    ($($name:ident: $mutation:ident breaks $rules:expr;)+) => {
        $(
            #[test]
            #[ignore = "needs `cargo xtask build --mistakes`"]
            fn $name() {
                let (seed, broken) = first_seed(Mutation::$mutation).expect("a mistake that is seen");
                println!("{} is seen at seed {seed}: {broken:?}", Mutation::$mutation.word());
                assert!(broken.iter().any(|rule| $rules.contains(rule)), "seen for other reasons than its own: {broken:?}");
            }
        )+

        #[test]
        fn every_mistake_is_tried() {
            let tried = [$(Mutation::$mutation),+];
            assert_eq!(tried.as_slice(), Mutation::ALL);
        }
    };
}

caught! {
    a_late_holder_is_seen: LateHolder breaks ["lost-lease-has-no-effect"];
    a_forgotten_key_is_seen: ForgottenKey breaks ["accepted-once"];
    a_stolen_lease_is_seen: StolenLease breaks ["live-lease-is-kept"];
    a_lost_tick_is_seen: LostTick breaks ["nothing-stuck", "waits-end-in-time"];
    impatience_is_seen: Impatient breaks ["not-before-its-time"];
    an_open_purse_is_seen: OpenPurse breaks ["cap-on-machines"];
    a_left_volume_is_seen: LeftVolume breaks ["nothing-left"];
    a_greedy_sweep_is_seen: GreedySweep breaks ["strangers-are-left-alone"];
    a_chatty_line_is_seen: Chatty breaks ["log-lines-are-silent"];
    a_deaf_drain_is_seen: DeafDrain breaks ["nothing-left", "nothing-stuck", "every-machine-has-a-reason"];
    a_hollow_word_is_seen: HollowWord breaks ["told-is-kept"];
}

#[test]
#[ignore = "needs `cargo xtask build --mistakes`"]
fn without_a_mistake_nothing_is_seen() {
    let build = build().making("");
    for seed in 1..=5 {
        let remains = world::run(&build, seed, &draw(seed, STEPS, Class::value_variants())).expect("a run");
        assert_eq!(check(&remains).expect("a check"), [], "seed {seed}");
    }
}

#[test]
#[ignore = "needs `cargo xtask build --mistakes`"]
fn a_schedule_is_shrunk_to_what_breaks_a_promise() {
    let build = build().making(Mutation::ForgottenKey.word());
    let schedule = draw(1, 30, Class::value_variants());
    let rule = "accepted-once";
    let least = shrink(&build, 1, &schedule, (0..schedule.len()).collect(), rule).expect("runs");
    assert!(matches!(schedule[least[0]].action, Action::Enqueue { .. }), "{least:?}");
    assert!(least.len() <= 2, "one that enqueues twice is enough: {least:?}");
    let remains = world::run(&build, 1, &part(&schedule, &least)).expect("a run");
    assert!(check(&remains).expect("a check").iter().any(|violation| violation.rule == rule));
}
