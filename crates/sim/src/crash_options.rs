//! The command line of `cargo xtask crash`.

use clap::Args;

/// Kill the host under load, over and over, on real files, and check what clawstead promises
///
/// The host is a process of its own and is killed by `SIGKILL`. Consumer apps, workers, an operator and ticks go on, and ask again when
/// they get no answer. In the end all must be worked off, and the same checker looks at it as after a simulation.
#[derive(Args, Clone, Debug)]
pub(crate) struct CrashOptions {
    /// How often the host is killed
    #[arg(long, default_value_t = 100)]
    pub(crate) kills: u64,
    /// For the dice of the load and of the moments of the kills; what meets what is not decided by it
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Run the components as they were last built
    #[arg(long)]
    pub(crate) no_build: bool,
}
