//! The checker is checked: components that are broken on purpose are seen to be broken.
//!
//! They are built by `cargo xtask build --mistakes`, and before these tests by `cargo xtask test`.

use std::process::Command;
use std::sync::OnceLock;

use clap::ValueEnum;
use clawstead_mutation::Mutation;
use clawstead_sim::check::check;
use clawstead_sim::plane::Build;
use clawstead_sim::schedule::{Class, draw};
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
        let mut broken: Vec<&str> = check(&remains).expect("a check").iter().map(|violation| violation.rule).collect();
        broken.dedup();
        (!broken.is_empty()).then_some((seed, broken))
    })
}

macro_rules! caught {
    ($($name:ident: $mutation:ident breaks $rules:expr;)+) => {
        $(
            #[test]
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
    an_early_answer_is_seen: EarlyAnswer breaks ["accepted-is-kept"];
    a_late_holder_is_seen: LateHolder breaks ["lost-lease-has-no-effect"];
    a_forgotten_key_is_seen: ForgottenKey breaks ["accepted-once"];
    a_stolen_lease_is_seen: StolenLease breaks ["live-lease-is-kept"];
    a_lost_tick_is_seen: LostTick breaks ["nothing-stuck", "waits-end-in-time"];
    impatience_is_seen: Impatient breaks ["not-before-its-time"];
    an_open_purse_is_seen: OpenPurse breaks ["cap-on-machines"];
    a_left_volume_is_seen: LeftVolume breaks ["nothing-left"];
    a_greedy_sweep_is_seen: GreedySweep breaks ["strangers-are-left-alone"];
    a_startled_answer_is_seen: Startled breaks ["no-failure-without-a-fault"];
    a_chatty_line_is_seen: Chatty breaks ["log-lines-are-silent"];
    a_deaf_drain_is_seen: DeafDrain breaks ["nothing-left", "nothing-stuck", "every-machine-has-a-reason"];
    a_blunt_answer_is_seen: Blunt breaks ["no-failure-without-a-fault"];
    a_hollow_word_is_seen: HollowWord breaks ["told-is-kept"];
}

#[test]
fn without_a_mistake_nothing_is_seen() {
    let build = build().making("");
    for seed in 1..=5 {
        let remains = world::run(&build, seed, &draw(seed, STEPS, Class::value_variants())).expect("a run");
        assert_eq!(check(&remains).expect("a check"), [], "seed {seed}");
    }
}

/// Runs `cargo xtask sim`, as it were; gives what it printed, which must tell of a broken promise.
fn failing_sim(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_clawstead-sim")).arg("sim").args(arguments).output().expect("it runs");
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_seed_that_fails_is_shrunk_and_the_command_that_is_printed_replays_it() {
    let mistake = Mutation::ForgottenKey.word();
    let printed = failing_sim(&["--seed", "1", "--steps", "60", "--mistake", mistake]);
    let rule = "accepted-once";
    let lines: Vec<&str> = printed.lines().skip_while(|line| !line.contains("the shortest schedule")).skip(1).collect();
    let end = lines.iter().position(|line| line.starts_with("to replay: ")).expect("a command");
    let (steps, command) = (&lines[..end], lines[end]);
    assert!(steps.len() <= 2, "one that enqueues twice is enough: {printed}");
    assert!(steps.iter().any(|step| step.contains("Enqueue")), "{printed}");

    let arguments: Vec<&str> = command.split_whitespace().skip_while(|word| *word != "sim").skip(1).collect();
    let replayed = failing_sim(&arguments);
    assert!(replayed.contains(&format!("[{rule}]")), "{replayed}");
    assert!(replayed.contains("/v1/messages"), "it shows what happened: {replayed}");
}
