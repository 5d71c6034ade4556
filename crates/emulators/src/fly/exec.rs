//! Commands on machines: a few that always work, and scripted answers for the rest.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::{Path, State as Shares};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Shared;
use super::answer::{Answer, Refusal};
use super::machines::find_to_change;
use super::state::MachineState;

/// What a command answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Commands that hold this text.
    pub contains: String,
    /// Their exit code.
    pub exit_code: i32,
    /// What they print.
    pub stdout: String,
    /// What they complain.
    pub stderr: String,
}

/// The scripted answers; the latest that fits is taken.
#[derive(Default)]
pub(crate) struct Scripts(Mutex<Vec<Script>>);

impl Scripts {
    fn list(&self) -> MutexGuard<'_, Vec<Script>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, script: Script) {
        self.list().push(script);
    }

    pub(crate) fn clear(&self) {
        self.list().clear();
    }

    fn answer(&self, command: &[String]) -> Script {
        let line = command.join(" ");
        if let Some(script) = self.list().iter().rev().find(|one| line.contains(&one.contains)) {
            return script.clone();
        }
        match command.first().map(String::as_str) {
            Some("echo") => Script { stdout: format!("{}\n", command[1..].join(" ")), ..Script::default() },
            Some("true") => Script::default(),
            Some("false") => Script { exit_code: 1, ..Script::default() },
            other => {
                Script { exit_code: 127, stderr: format!("{}: not found\n", other.unwrap_or_default()), ..Script::default() }
            }
        }
    }
}

/// Runs a command. A command that fails is still a 200.
pub(crate) async fn run(
    Shares(shared): Shares<Arc<Shared>>,
    Path((app, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer<Json<Value>> {
    let command: Vec<String> = match (&body["command"], body["cmd"].as_str()) {
        (Value::Array(words), _) => words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
        (_, Some(line)) => line.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    if command.is_empty() {
        return Err(Refusal::invalid("command is required"));
    }
    let state = shared.store.change(|state| find_to_change(state, &app, &id, &headers).map(|machine| machine.state))?;
    if state != MachineState::Started {
        return Err(Refusal::precondition(format!("machine is not started, it is {}", state.name())));
    }
    let script = shared.scripts.answer(&command);
    Ok(Json(json!({
        "exit_code": script.exit_code,
        "exit_signal": 0,
        "stdout": script.stdout,
        "stderr": script.stderr,
    })))
}
