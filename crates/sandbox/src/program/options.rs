//! The command lines of `up`, `say` and `demo`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Run clawstead on this machine until Ctrl-C, with stand-ins for Telegram and Fly
///
/// With none of TELEGRAM_BOT_TOKEN and FLY_API_TOKEN in the environment it runs the whole sandbox: stand-ins for Telegram and
/// Fly whose machines are local echo workers, one agent `default`, one bot, and one paired user (5551234001).
/// Each of the two variables replaces one stand-in by the real thing:
///
///   TELEGRAM_BOT_TOKEN   your bot, linked to the agent `default`; needs --public-url, an https URL that reaches this port
///   FLY_API_TOKEN        your Fly account; needs FLY_APP (the app for the machines), FLY_IMAGE (the worker image, named by
///                        its digest) and --public-url; FLY_REGION defaults to fra
///
/// Everything is kept in the data folder: the log, the stand-ins' state, and `credentials.json` with the addresses and keys.
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct UpOptions {
    /// Port on 127.0.0.1 that serves clawstead
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Folder for everything that is kept [default: .clawstead in the workspace]
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Delete the data folder first
    #[arg(long)]
    pub(crate) reset: bool,
    /// At most this many machines in the sandbox; 0 for none
    #[arg(long, default_value_t = 3)]
    pub(crate) machines: usize,
    /// Where the outside reaches this port [default: http://127.0.0.1:<port>]
    #[arg(long)]
    pub(crate) public_url: Option<String>,
    /// Run the components as they were last built
    #[arg(long)]
    pub(crate) no_build: bool,
}

/// Write to the bot of a running `up` as its paired user, and print the reply
#[derive(Args, Clone, Debug)]
pub(crate) struct SayOptions {
    /// What to write
    pub(crate) text: String,
    /// Data folder of the running `up` [default: .clawstead in the workspace]
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Seconds to wait for the reply; without one the exit code is 1
    #[arg(long, default_value_t = 60)]
    pub(crate) timeout: u64,
}

/// Play the sample updates, unattended: exit code 0 if every message is answered exactly once
///
/// With `fly`: conversations in waves, on a Fly with bad weather; exit code 0 if every message is answered, and no machine and
/// no volume is left in the end. It takes some minutes.
///
/// It runs in a temporary folder and on free ports, so it can run beside an `up`.
#[derive(Args, Clone, Debug)]
pub(crate) struct DemoOptions {
    /// The sample updates, when nothing is said
    #[arg(value_enum)]
    pub(crate) story: Option<Story>,
    /// Seconds to wait for the end [default: 120, with `fly` 600]
    #[arg(long)]
    pub(crate) timeout: Option<u64>,
    /// How many conversations, with `fly`
    #[arg(long, default_value_t = 50)]
    pub(crate) conversations: usize,
    /// Where the dice of the weather begin, with `fly`
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Run the components as they were last built
    #[arg(long)]
    pub(crate) no_build: bool,
}

/// What can be played.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Story {
    /// Machines that come and go
    Fly,
}
