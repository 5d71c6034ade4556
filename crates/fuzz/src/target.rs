//! Running a property.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::{Corpus, Mutator, shorten};

/// How long to go on, s; set by `cargo xtask fuzz`.
const SECONDS: &str = "CLAWSTEAD_FUZZ_SECONDS";

/// The seed, then.
const SEED: &str = "CLAWSTEAD_FUZZ_SEED";

/// The seed of the tests.
const SEED_OF_TESTS: u64 = 20_261_120;

/// How often it is said how far it is.
const SAID_EVERY: Duration = Duration::from_secs(5);

/// What is fuzzed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its folder in `tests/corpus`.
    pub name: &'static str,
    /// Words that get further than bytes by chance.
    pub words: &'static [&'static str],
    /// How many mutations in a run of the tests.
    pub mutations: usize,
}

impl Target {
    /// Asks the property of each file of the corpus, by its name and bytes, and of mutations, whose name is empty. What it answers is
    /// whether the input got anywhere; gives how many did, so that the caller can see that most are not turned away at the door.
    ///
    /// # Panics
    /// When the property does, with the input such that it can be made a file of the corpus.
    pub fn run(&self, mut property: impl FnMut(&str, &[u8]) -> bool) -> usize {
        let corpus = Corpus::of(self.name).unwrap_or_else(|error| panic!("the corpus of {}: {error}", self.name));
        assert!(!corpus.inputs().is_empty(), "the corpus of {} is empty", self.name);
        let mut far = 0;
        for (name, bytes) in corpus.inputs() {
            match attempt(&mut property, name, bytes) {
                Ok(got) => far += usize::from(got),
                Err(why) => panic!("{}/{name}: {why}", self.name),
            }
        }
        let long = number(SECONDS).map(Duration::from_secs);
        let seed = number(SEED).unwrap_or(SEED_OF_TESTS);
        let mut mutator = Mutator::new(seed, self.words);
        let mut pace = Pace::new();
        while long.map_or(pace.inputs < self.mutations, |long| pace.started.elapsed() < long) {
            let bytes = mutator.next(corpus.inputs());
            match attempt(&mut property, "", &bytes) {
                Ok(got) => far += usize::from(got),
                Err(why) if long.is_none() => panic!(
                    "{why}\ninput, escaped: {}\ncargo xtask fuzz --target {} --seed {seed} keeps it as a file",
                    bytes.escape_ascii(),
                    self.name
                ),
                Err(why) => {
                    let least = quietly(|| shorten(&bytes, |shorter| attempt(&mut property, "", shorter).is_err()));
                    let kept = corpus.keep(&least).unwrap_or_else(|error| panic!("{why}, and it cannot be kept: {error}"));
                    panic!("{why}\nkept as {}", kept.display());
                }
            }
            pace.count(long.is_some(), self.name);
        }
        if long.is_some() {
            println!("{}: {pace}, {far} got anywhere, seed {seed}", self.name);
        }
        far
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// What the property says, or why it panicked.
fn attempt(property: &mut impl FnMut(&str, &[u8]) -> bool, name: &str, bytes: &[u8]) -> Result<bool, String> {
    catch_unwind(AssertUnwindSafe(|| property(name, bytes))).map_err(|panic| words_of(panic.as_ref()))
}

/// Without a line for each panic.
fn quietly<R>(work: impl FnOnce() -> R) -> R {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(hook);
    done
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

/// How many inputs in how long.
struct Pace {
    started: Instant,
    said: Instant,
    inputs: usize,
}

impl Pace {
    fn new() -> Self {
        Self { started: Instant::now(), said: Instant::now(), inputs: 0 }
    }

    fn count(&mut self, aloud: bool, name: &str) {
        self.inputs += 1;
        if aloud && self.said.elapsed() > SAID_EVERY {
            self.said = Instant::now();
            println!("{name}: {self}");
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let a_second = self.inputs as f64 / self.started.elapsed().as_secs_f64().max(0.001);
        write!(formatter, "{} inputs, {a_second:.0} a second", self.inputs)
    }
}
