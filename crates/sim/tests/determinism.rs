//! The same seed gives the same run.

use clap::ValueEnum;
use clawstead_sim::plane::Build;
use clawstead_sim::schedule::{Class, draw};
use clawstead_sim::world;

#[test]
fn two_runs_of_a_seed_are_the_same() {
    let build = Build::shipped().expect("an engine");
    for seed in [1, 2, 3] {
        let schedule = draw(seed, 40, Class::value_variants());
        let runs = [(); 2].map(|()| world::run(&build, seed, &schedule).expect("a run"));
        let [one, two] = runs.map(|run| run.history.lines());
        let differ = one.iter().zip(&two).find(|(one, two)| one != two);
        assert_eq!(differ, None, "seed {seed}");
        assert_eq!(one.len(), two.len(), "seed {seed}");
    }
}
