//! `cargo xtask sim`.

mod crash_options;
mod options;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::{Args, Parser, ValueEnum};
use clawstead_sim::check::{check, tally};
use clawstead_sim::crash;
use clawstead_sim::met::Met;
use clawstead_sim::plane::Build;
use clawstead_sim::schedule::{Class, Step, draw};
use clawstead_sim::shrink::{part, shrink};
use clawstead_sim::world;

use crate::crash_options::CrashOptions;
use crate::options::SimOptions;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Program {
    Sim(SimOptions),
    Crash(CrashOptions),
    Host(HostOptions),
}

/// The host that `crash` kills
#[derive(Args)]
#[command(hide = true)]
struct HostOptions {
    /// Folder of its databases
    #[arg(long)]
    data: PathBuf,
    /// How large a database may become
    #[arg(long)]
    database_bytes: Option<u64>,
}

fn main() -> ExitCode {
    let kept = match Program::parse() {
        Program::Sim(options) => run(&options),
        Program::Crash(options) => crashes(&options),
        Program::Host(HostOptions { data, database_bytes }) => host(&data, database_bytes),
    };
    match kept {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn host(data: &Path, database_bytes: Option<u64>) -> Result<bool> {
    crash::process::serve(data, database_bytes).await.map(|()| true)
}

/// Says whether every promise was kept.
#[tokio::main]
async fn crashes(options: &CrashOptions) -> Result<bool> {
    let program = std::env::current_exe()?;
    let started = Instant::now();
    let outcome = crash::run(&program, options.kills, options.seed).await?;
    println!("{} kills in {:.0} s: {}", options.kills, started.elapsed().as_secs_f64(), outcome.figures()?);
    for violation in &outcome.broken {
        println!("  {violation}");
    }
    Ok(outcome.broken.is_empty())
}

/// Says whether every promise was kept.
fn run(options: &SimOptions) -> Result<bool> {
    let build = match &options.mistake {
        None => Build::shipped()?,
        Some(mistake) => Build::mutated()?.making(mistake),
    };
    let classes = classes(options.faults.as_deref())?;
    let first = options.seed.unwrap_or(options.first);
    let count = if options.seed.is_some() { 1 } else { options.seeds };
    let started = Instant::now();
    let (mut lived_ms, mut met) = (0, Met::default());
    let mut all_kept = true;
    for seed in first..first + count {
        let schedule = draw(seed, options.steps, &classes);
        let (lasted_ms, kept) = one(&build, options, seed, &schedule, &mut met)?;
        lived_ms += lasted_ms;
        all_kept &= kept;
        if !kept && !options.keep_going {
            break;
        }
    }
    let hours = lived_ms as f64 / 3_600_000.0;
    let seconds = started.elapsed().as_secs_f64();
    if options.met {
        print!("{met}");
        println!("kinds of faults that were not met: {:?}", met.missing());
    }
    println!("{hours:.1} simulated hours in {seconds:.1} s: {:.2} hours a second", hours / seconds);
    Ok(all_kept)
}

fn classes(named: Option<&[String]>) -> Result<Vec<Class>> {
    let Some(named) = named else { return Ok(Class::value_variants().to_vec()) };
    let wanted = named.iter().filter(|name| *name != "none");
    wanted.map(|name| Class::from_str(name, true).map_err(|_| anyhow!("there is no kind of faults `{name}`"))).collect()
}

/// How long it lasted, virtual ms, and whether every promise was kept.
fn one(build: &Build, options: &SimOptions, seed: u64, schedule: &[Step], met: &mut Met) -> Result<(u64, bool)> {
    let steps = options.only.as_ref().map_or_else(|| schedule.to_vec(), |only| part(schedule, only));
    let remains = world::run(build, seed, &steps)?;
    if options.log {
        let mut out = std::io::stdout().lock();
        for line in remains.history.lines() {
            writeln!(out, "{line}")?;
        }
    }
    if options.log {
        println!("in the log: {:?}", tally(&remains)?);
    }
    met.extend(Met::of(&remains)?);
    let broken = check(&remains)?;
    println!("seed {seed}: {} steps, {} lines, {}", steps.len(), remains.history.lines().len(), remains.history.hash());
    for violation in &broken {
        println!("  {violation}");
    }
    if let Some(violation) = broken.first() {
        explain(build, options, seed, schedule, violation.rule)?;
    }
    Ok((remains.lasted_ms, broken.is_empty()))
}

fn explain(build: &Build, options: &SimOptions, seed: u64, schedule: &[Step], rule: &'static str) -> Result<()> {
    let all: Vec<usize> = (0..schedule.len()).collect();
    let from = options.only.clone().unwrap_or(all);
    let least = if options.no_shrink { from } else { shrink(build, seed, schedule, from, rule)? };
    println!("the shortest schedule that breaks `{rule}`:");
    for number in &least {
        if let Some(step) = schedule.get(*number) {
            println!("  {number}: at {} ms {:?}", step.at_ms, step.action);
        }
    }
    println!("to replay: {}", replay(options, seed, &least));
    Ok(())
}

/// The command that plays these steps once more.
fn replay(options: &SimOptions, seed: u64, steps: &[usize]) -> String {
    let numbers: Vec<String> = steps.iter().map(ToString::to_string).collect();
    let of_schedule = match numbers.as_slice() {
        [] => "--steps 0".to_owned(),
        numbers => format!("--steps {} --only {}", options.steps, numbers.join(",")),
    };
    let mut command = format!("cargo xtask sim --seed {seed} {of_schedule} --log");
    if let Some(faults) = &options.faults {
        command += &format!(" --faults {}", faults.join(","));
    }
    if let Some(mistake) = &options.mistake {
        command += &format!(" --mistake {mistake}");
    }
    command
}
