//! Says which step runs, the command behind it, and how long it took.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// Runs one command as a named step with its output going to the terminal; a non-zero exit is an error.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<()> {
    eprintln!("==> {name}: {}", printable(command));
    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot start {}", printable(command)))?;
    if !status.success() {
        bail!("{name} failed after {}: {status}", elapsed(started.elapsed()));
    }
    eprintln!("<== {name}: {}", elapsed(started.elapsed()));
    Ok(())
}

/// The command line as a person would type it, with the environment it changes.
pub(crate) fn printable(command: &Command) -> String {
    let environment = command.get_envs().filter_map(|(name, value)| {
        // A PATH is long and says nothing here.
        let value = value.filter(|_| name != "PATH")?;
        Some(format!("{}={:?}", name.display(), value))
    });
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or_default().display().to_string();
    let arguments = command.get_args().map(|argument| argument.display().to_string());
    environment.chain([program]).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    format!("{} min {} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_as_it_would_be_typed() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        command.args(["build", "--release"]).env("RUSTC", "rustc-web").env("PATH", "/long");

        assert_eq!(printable(&command), r#"RUSTC="rustc-web" cargo build --release"#);
    }

    #[test]
    fn long_steps_are_told_in_minutes() {
        assert_eq!(elapsed(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
    }
}
