//! What turns a message into a reply.

use std::sync::Arc;

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

/// Turns a message into the text of its reply.
#[derive(Clone)]
pub struct Engine(Arc<Think>);

impl Engine {
    /// Answers `echo: <text>`.
    pub fn echo() -> Engine {
        Engine::of(|task| Ok(format!("echo: {}", task.text)))
    }

    /// Answers what `think` gives; its error fails the job.
    pub fn of(think: impl Fn(&Task) -> Result<String, String> + Send + Sync + 'static) -> Engine {
        Engine(Arc::new(think))
    }

    pub(crate) fn think(&self, task: &Task) -> Result<String, String> {
        (self.0)(task)
    }
}
