//! What turns a message into a reply.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// What an engine is given.
#[derive(Clone, Debug)]
pub struct Task {
    /// The text of the message.
    pub text: String,
    /// The last rows of the conversation, oldest first.
    pub history: Vec<Value>,
}

type Think = dyn Fn(&Task) -> Result<String, String> + Send + Sync;

type Takes = dyn Fn(&Task) -> Duration + Send + Sync;

/// Turns a message into the text of its reply.
#[derive(Clone)]
pub struct Engine {
    think: Arc<Think>,
    takes: Arc<Takes>,
}

impl Engine {
    /// Answers `echo: <text>`.
    pub fn echo() -> Engine {
        Engine::of(|task| Ok(format!("echo: {}", task.text)))
    }

    /// Answers what `think` gives; its error fails the job.
    pub fn of(think: impl Fn(&Task) -> Result<String, String> + Send + Sync + 'static) -> Engine {
        Engine { think: Arc::new(think), takes: Arc::new(|_| Duration::ZERO) }
    }

    /// Has it think as long as `takes` says about a task, beside what every job takes.
    #[must_use]
    pub fn taking(self, takes: impl Fn(&Task) -> Duration + Send + Sync + 'static) -> Engine {
        Engine { takes: Arc::new(takes), ..self }
    }

    pub(crate) fn think(&self, task: &Task) -> Result<String, String> {
        (self.think)(task)
    }

    /// How long it thinks about this.
    pub(crate) fn time_for(&self, task: &Task) -> Duration {
        (self.takes)(task)
    }
}
