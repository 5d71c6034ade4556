//! Deliberate mistakes. A checker that never found anything would be worth nothing, so the simulation runs components that are
//! broken on purpose, and must see each of them.
//!
//! The places where a mistake can be made ask [`made`]. Without the feature `mistakes`, which only the build of that test has,
//! the answer is a constant `false`, and nothing of a mistake is left in a component.

macro_rules! mutations {
    ($($name:ident = $word:literal, $what:literal;)+) => {
        /// A mistake that can be made.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutation {
            $(#[doc = $what] $name,)+
        }

        impl Mutation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name, as a value of the variable `mutation`.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

mutations! {
    EarlyAnswer = "early-answer", "A message is answered for although it could not be written down.";
    LateHolder = "late-holder", "The end of a lease is not looked at when its holder speaks.";
    ForgottenKey = "forgotten-key", "A command is done again although its dedup key was used.";
    StolenLease = "stolen-lease", "A tick takes leases back that were renewed.";
    LostTick = "lost-tick", "Nobody takes back leases that ran out.";
    Impatient = "impatient", "A message is handed out before its time.";
    OpenPurse = "open-purse", "The cap on machines is not looked at.";
    LeftVolume = "left-volume", "A worker is over although its volume is still there.";
    GreedySweep = "greedy-sweep", "What nobody owns is removed even if it does not carry our tag.";
    Startled = "startled", "A key that comes again is taken for damage, and answered with a 5xx.";
    Chatty = "chatty", "A log line holds the path.";
    DeafDrain = "deaf-drain", "No worker is ever drained.";
    Blunt = "blunt", "A disk that fails is answered for as if it were our mistake.";
    HollowWord = "hollow-word", "A worker is told that its job is done, and that is not written down.";
}

#[cfg(feature = "mistakes")]
mod chosen {
    use std::sync::OnceLock;

    use super::Mutation;

    static CHOSEN: OnceLock<Option<Mutation>> = OnceLock::new();

    /// Chooses the mistake of this instance by its word, once.
    pub fn choose(word: &str) {
        let _ = CHOSEN.set(Mutation::ALL.iter().copied().find(|one| one.word() == word));
    }

    /// Whether this mistake is to be made.
    pub fn made(mutation: Mutation) -> bool {
        CHOSEN.get() == Some(&Some(mutation))
    }
}

#[cfg(feature = "mistakes")]
pub use chosen::{choose, made};

/// Whether this mistake is to be made.
#[cfg(not(feature = "mistakes"))]
#[must_use]
pub const fn made(_: Mutation) -> bool {
    false
}
