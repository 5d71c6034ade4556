//! `up`, `say` and `demo` as a person runs them. Needs the built components.

use std::{
    io::{BufRead as _, BufReader, Lines},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

/// A running `up`, killed when the test fails.
struct Up {
    process: Child,
    /// Kept open: it may still have something to say.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Up {
    fn start(data: &Path, port: u16, more: &[&str]) -> Self {
        let mut process = up(data, port, more).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let ready = output.by_ref().map(|line| line.expect("text")).find(|line| line.starts_with("ready "));
        let up = Self { process, _output: output };
        assert_eq!(ready, Some(format!("ready http://127.0.0.1:{port}")));
        up
    }

    fn interrupt(mut self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        let status = self.process.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_clawstead-sandbox"))
}

fn up(data: &Path, port: u16, more: &[&str]) -> Command {
    let mut command = program();
    command.args(["up", "--no-build", "--port", &port.to_string(), "--data"]).arg(data).args(more);
    command
}

fn say(data: &Path, text: &str, timeout: &str) -> Output {
    program().args(["say", text, "--timeout", timeout, "--data"]).arg(data).output().expect("it runs")
}

/// A port below those that systems give to whoever asks for any, so that no other test gets it before `up` listens.
fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (10_000..30_000)
        .cycle()
        .skip(usize::try_from(std::process::id() % 20_000).expect("a small number"))
        .find(is_free)
        .expect("a port")
}

fn errors(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn it_answers_stops_cleanly_and_has_its_data_when_it_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, port) = (folder.path().join("data"), free_port());
    let first = Up::start(&data, port, &[]);
    assert_eq!(String::from_utf8_lossy(&say(&data, "hello", "300").stdout), "echo: hello\n");
    let mode = std::fs::metadata(data.join("credentials.json")).expect("credentials").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let credentials = std::fs::read_to_string(data.join("credentials.json")).expect("credentials");

    assert!(errors(&up(&data, free_port(), &[]).output().expect("it runs")).contains("in use"), "the data folder");
    let other = folder.path().join("other");
    assert!(errors(&up(&other, port, &[]).output().expect("it runs")).contains(&port.to_string()), "the port");

    first.interrupt("-INT");
    let second = Up::start(&data, port, &[]);
    assert_eq!(std::fs::read_to_string(data.join("credentials.json")).expect("credentials"), credentials);
    assert_eq!(String::from_utf8_lossy(&say(&data, "again", "300").stdout), "echo: again\n");

    second.interrupt("-TERM");
    let reset = Up::start(&data, port, &["--reset", "--machines", "0"]);
    assert_ne!(std::fs::read_to_string(data.join("credentials.json")).expect("credentials"), credentials);
    assert!(errors(&say(&data, "nobody works here", "1")).contains("no reply"));
    reset.interrupt("-INT");
}

#[test]
fn the_demo_ends_well() {
    let output = program().args(["demo", "--no-build"]).output().expect("it runs");

    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("every message was answered exactly once"), "{told}");
}

#[test]
fn machines_come_and_go_and_nothing_is_left() {
    let demo = ["demo", "fly", "--no-build", "--conversations", "4", "--timeout", "600"];
    let output = program().args(demo).output().expect("it runs");

    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("every message was answered once, and nothing is left that costs"), "{told}");
}

#[test]
fn a_demo_that_does_not_end_in_time_is_an_error() {
    let demo = ["demo", "fly", "--no-build", "--conversations", "1", "--timeout", "0"];
    assert!(errors(&program().args(demo).output().expect("it runs")).contains("there are still"));
}

#[test]
fn a_folder_of_somebody_else_is_not_reset() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("letter.txt"), "dear").expect("a file");

    let refused = errors(&up(folder.path(), free_port(), &["--reset"]).output().expect("it runs"));

    assert!(refused.contains("not a data folder"), "{refused}");
    assert!(folder.path().join("letter.txt").exists());
}

#[test]
fn saying_something_to_nobody_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(errors(&say(folder.path(), "hello", "1")).contains("is `cargo xtask up` running"));
}
