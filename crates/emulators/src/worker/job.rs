//! One job, from hydration to complete or fail.

use std::convert::Infallible;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::control_plane::CallError;
use super::engine::Task;
use super::run::{Running, Vanish};
use super::{Step, telegram};
use crate::clock::now_ms;

/// How many rows of history the existing worker looks at.
const HISTORY: usize = 12;

/// What a claim gives.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    pub(crate) message_id: String,
    pub(crate) conversation_id: String,
    pub(crate) agent_key: String,
    pub(crate) lease_id: String,
    pub(crate) payload: Value,
}

/// What hydration gives, as far as the worker uses it.
pub(crate) struct Bundle {
    pub(crate) history: Vec<Value>,
    pub(crate) bot_token: Option<String>,
    pub(crate) attachments: Vec<Value>,
}

/// Why a job ended early.
pub(crate) enum Stopped {
    /// It is reported as failed.
    Failed(String),
    Vanished(Vanish),
}

impl From<CallError> for Stopped {
    fn from(error: CallError) -> Stopped {
        Stopped::Failed(error.to_string())
    }
}

impl From<Vanish> for Stopped {
    fn from(vanish: Vanish) -> Stopped {
        Stopped::Vanished(vanish)
    }
}

impl Running {
    /// Does a claimed job. The inner error makes the loop wait before it goes on.
    pub(crate) async fn perform(&mut self, job: &Job) -> Result<Result<(), CallError>, Vanish> {
        // The existing worker does not report a job it could not hydrate.
        let bundle = match self.hydrate(job).await {
            Ok(bundle) => bundle,
            Err(error) => return Ok(Err(error)),
        };
        self.reach(Step::Hydrated)?;
        let outcome = tokio::select! {
            biased;
            outcome = self.work_on(job, &bundle) => outcome,
            never = self.heartbeats(job) => match never {},
        };
        match outcome {
            Ok(()) => {
                self.data.count_turn(&job.conversation_id);
                Ok(Ok(()))
            }
            Err(Stopped::Vanished(vanish)) => Err(vanish),
            Err(Stopped::Failed(why)) => Ok(self.fail(job, &why).await),
        }
    }

    fn lease_args(&self, job: &Job) -> Value {
        json!({
            "workerId": self.config.worker_id,
            "messageId": job.message_id,
            "leaseId": job.lease_id,
        })
    }

    async fn hydrate(&self, job: &Job) -> Result<Bundle, CallError> {
        let args = json!({
            "messageId": job.message_id,
            "workspaceId": self.config.workspace_id,
        });
        let bundle = self.control_plane.query("workerHydrationBundle", args).await?;
        let malformed = |what: &str| CallError::Transport(format!("hydration bundle: {what}"));
        if bundle.is_null() {
            return Err(malformed("null"));
        }
        let rows = bundle["conversationState"]["contextHistory"].as_array().ok_or_else(|| malformed("no context history"))?;
        let history = rows[rows.len().saturating_sub(HISTORY)..].to_vec();
        if history.iter().any(|row| !row["role"].is_string()) {
            return Err(malformed("a row of history without a role"));
        }
        let attachments = bundle["payload"]["attachments"].as_array().cloned().unwrap_or_default();
        let bot_token = bundle["telegramBotToken"].as_str().map(str::to_owned);
        Ok(Bundle { history, bot_token, attachments })
    }

    async fn heartbeats(&self, job: &Job) -> Infallible {
        loop {
            tokio::time::sleep(self.config.heartbeat_interval).await;
            let beat = self.control_plane.mutation("workerHeartbeat", self.lease_args(job)).await;
            if let Err(error) = beat {
                tracing::warn!(worker = self.config.worker_id, %error, "heartbeat failed");
            }
        }
    }

    async fn work_on(&self, job: &Job, bundle: &Bundle) -> Result<(), Stopped> {
        let media = self.fetch_attachments(bundle).await?;
        self.store_loose_media(job, bundle).await;
        let text = job.payload["messageText"].as_str().unwrap_or_default().to_owned();
        let task = Task { text: text.clone(), history: bundle.history.clone() };
        let work = self.work + self.engine.time_for(&task);
        if work > Duration::ZERO {
            tokio::time::sleep(work).await;
        }
        let reply = self.engine.think(&task).map_err(Stopped::Failed)?;
        self.reach(Step::Worked)?;
        self.append(job, &text, &media, &reply).await?;
        self.reach(Step::Appended)?;
        self.reply(job, bundle, &reply).await.map_err(Stopped::Failed)?;
        self.reach(Step::Sent)?;
        self.control_plane.mutation("workerComplete", self.lease_args(job)).await?;
        self.reach(Step::Completed)?;
        Ok(())
    }

    /// The user's turn names the attachments by their download URLs, as the existing worker's does.
    async fn append(&self, job: &Job, text: &str, media: &[String], reply: &str) -> Result<(), CallError> {
        let mut user_turn = vec![text];
        user_turn.extend(media.iter().map(String::as_str));
        let at = now_ms();
        let args = json!({
            "conversationId": job.conversation_id,
            "workspaceId": self.config.workspace_id,
            "messages": [
                { "role": "user", "content": user_turn.join("\n"), "at": at },
                { "role": "assistant", "content": reply, "at": at + 1 },
            ],
        });
        self.control_plane.mutation("workerAppendConversationMessages", args).await?;
        Ok(())
    }

    async fn reply(&self, job: &Job, bundle: &Bundle, reply: &str) -> Result<(), String> {
        let Some(token) = &bundle.bot_token else {
            return Err("no Telegram bot token for the reply".to_owned());
        };
        if job.payload["provider"].as_str() != Some("telegram") {
            return Ok(());
        }
        let chat_id = job.payload["providerUserId"].as_str().unwrap_or_default();
        telegram::send_reply(&self.http, &self.config.telegram_api_url, token, chat_id, reply).await
    }

    async fn fail(&self, job: &Job, why: &str) -> Result<(), CallError> {
        tracing::debug!(worker = self.config.worker_id, message = job.message_id, why, "job failed");
        let mut args = self.lease_args(job);
        args["errorMessage"] = json!(why);
        self.control_plane.mutation("workerFail", args).await.map(|_| ())
    }
}
