//! The worker loop.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::config::Config;
use super::control_plane::{CallError, ControlPlane};
use super::job::Job;
use super::shutdown::Shutdown;
use super::snapshot::Data;
use super::{Engine, Exit, Step, Worker};
use crate::web::Client;

/// The existing worker's shortest wait after trouble.
const ERROR_WAIT: Duration = Duration::from_secs(5);

/// A worker at work.
pub(crate) struct Running {
    pub(crate) config: Config,
    pub(crate) engine: Engine,
    pub(crate) control_plane: ControlPlane,
    pub(crate) http: Client,
    pub(crate) work: Duration,
    pub(crate) data: Data,
    /// The agent and conversation it is bound to, from the environment or its first job.
    pub(crate) assignment: Option<(String, String)>,
    crash_at: Option<Step>,
    error_wait: Duration,
    shutdown: Shutdown,
    last_claim: Instant,
}

/// It vanishes here: nothing after this point happens.
#[derive(Debug)]
pub(crate) struct Vanish(Step);

impl Running {
    pub(crate) fn new(worker: Worker, shutdown: Shutdown) -> Result<Running, String> {
        let config = Config::from_env(&worker.env)?;
        let http = worker.http;
        let control_plane =
            ControlPlane::new(http.clone(), config.base_url.clone(), config.namespace.clone(), config.http_timeout);
        Ok(Running {
            error_wait: worker.error_wait.unwrap_or(ERROR_WAIT.max(config.poll_interval)),
            assignment: config.agent_key.clone().zip(config.conversation_id.clone()),
            engine: worker.engine,
            work: worker.work,
            crash_at: worker.crash_at,
            data: Data::default(),
            last_claim: Instant::now(),
            config,
            control_plane,
            http,
            shutdown,
        })
    }

    pub(crate) async fn run(mut self) -> Exit {
        match self.live().await {
            Ok(exit) => exit,
            Err(Vanish(step)) => Exit::Vanished(step),
        }
    }

    /// Vanishes when this is the step at which it should.
    pub(crate) fn reach(&self, step: Step) -> Result<(), Vanish> {
        if self.crash_at == Some(step) { Err(Vanish(step)) } else { Ok(()) }
    }

    async fn live(&mut self) -> Result<Exit, Vanish> {
        self.reach(Step::Started)?;
        if let Err(why) = self.boot().await {
            return Ok(Exit::Failed(why));
        }
        self.last_claim = Instant::now();
        loop {
            if self.shutdown.requested() {
                return self.leave(Exit::Signal).await;
            }
            match self.turn().await {
                Turn::Leave(exit) => return self.leave(exit).await,
                Turn::Again => {}
                Turn::Wait(delay) => self.wait(delay).await,
                Turn::Vanish(vanish) => return Err(vanish),
            }
        }
    }

    /// Uploads a snapshot, for the reason that the way out calls for, and ends.
    async fn leave(&mut self, exit: Exit) -> Result<Exit, Vanish> {
        let reason = if exit == Exit::Idle { "manual" } else { "signal" };
        self.upload_snapshot(reason).await?;
        Ok(exit)
    }

    async fn wait(&self, delay: Duration) {
        tokio::select! {
            biased;
            () = tokio::time::sleep(delay) => {}
            () = self.shutdown.wait() => {}
        }
    }

    /// One round: control state, idle check, claim, and the job if there is one.
    async fn turn(&mut self) -> Turn {
        match self.told_to_stop().await {
            Ok(true) => return Turn::Leave(Exit::ToldToStop),
            Ok(false) => {}
            Err(error) => return self.trouble("control state", &error),
        }
        if self.last_claim.elapsed() > self.config.idle_timeout {
            return Turn::Leave(Exit::Idle);
        }
        let job = match self.claim().await {
            Ok(Some(job)) => job,
            Ok(None) => return self.nothing_to_do().await,
            Err(error) => return self.trouble("claim", &error),
        };
        self.last_claim = Instant::now();
        if let Err(vanish) = self.reach(Step::Claimed) {
            return Turn::Vanish(vanish);
        }
        if let Err(why) = self.bind_to(&job) {
            // The existing worker leaves such a job to its lease.
            return self.trouble("claim", &CallError::Transport(why));
        }
        match self.perform(&job).await {
            Ok(Ok(())) => Turn::Again,
            Ok(Err(error)) => self.trouble("job", &error),
            Err(vanish) => Turn::Vanish(vanish),
        }
    }

    fn trouble(&self, what: &str, error: &CallError) -> Turn {
        tracing::warn!(worker = self.config.worker_id, %error, "{what} failed");
        Turn::Wait(self.error_wait)
    }

    async fn told_to_stop(&self) -> Result<bool, CallError> {
        let args = json!({ "workerId": self.config.worker_id });
        let state = self.control_plane.query("workerControlState", args).await?;
        state["shouldStop"].as_bool().ok_or_else(|| CallError::Transport("control state without shouldStop".to_owned()))
    }

    async fn claim(&self) -> Result<Option<Job>, CallError> {
        let mut args = json!({ "workerId": self.config.worker_id });
        if let Some((_, conversation_id)) = &self.assignment {
            args["conversationId"] = json!(conversation_id);
        }
        let claimed = self.control_plane.mutation("workerClaim", args).await?;
        if claimed.is_null() {
            return Ok(None);
        }
        serde_json::from_value(claimed).map(Some).map_err(|error| CallError::Transport(format!("claimed job: {error}")))
    }

    /// Sticks to the conversation and agent of the first job, and refuses any other.
    fn bind_to(&mut self, job: &Job) -> Result<(), String> {
        let of_job = (job.agent_key.clone(), job.conversation_id.clone());
        match &self.assignment {
            None => {
                self.assignment = Some(of_job);
                Ok(())
            }
            Some(assignment) if *assignment == of_job => Ok(()),
            Some(_) => Err(format!("job {} is of another conversation or agent", job.message_id)),
        }
    }

    async fn nothing_to_do(&mut self) -> Turn {
        let Some((_, conversation_id)) = &self.assignment else {
            return Turn::Wait(self.config.poll_interval);
        };
        let args = json!({ "conversationId": conversation_id });
        match self.control_plane.query("workerConversationHasQueued", args).await {
            Ok(queued) => {
                if queued.as_bool() == Some(true) {
                    self.last_claim = Instant::now();
                }
                Turn::Wait(self.config.poll_interval)
            }
            Err(error) => self.trouble("has queued", &error),
        }
    }
}

/// What comes after a round.
enum Turn {
    Again,
    Wait(Duration),
    Leave(Exit),
    Vanish(Vanish),
}
