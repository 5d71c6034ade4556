//! The message of a run. Its dedup key is the run, so that whoever sends it again is given the first.

use clawstead_domain::Refusal;
use clawstead_domain::binding::Binding;
use clawstead_domain::push::{Outcome, PushJob, Run, metadata_of_run};
use clawstead_ledger::{Engine, dedup_key};

use crate::{Cx, OperationError, bindings, queue};

/// Sends the message of a run. What is refused is an outcome; only trouble that another try can end is an error.
pub(super) async fn send<E: Engine>(cx: &Cx<'_, E>, job: &PushJob, run: &Run) -> Result<Outcome, OperationError> {
    if let Some(first) = sent_before(cx, run).await? {
        return Ok(first);
    }
    let failed = |code: &str| Ok(Outcome::Failed(code.to_owned()));
    let binding = match target(cx, job).await {
        Ok(binding) => binding,
        Err(OperationError::Refused(refusal)) => return failed(refusal.code),
        Err(error) => return Err(error),
    };
    let agent_key = binding.agent_key.clone();
    let metadata = metadata_of_run(job, run, binding.telegram_chat_id.is_some());
    let command = queue::to_binding(binding, job.text.clone(), metadata);
    match queue::enqueue(cx, &command, Some(key_of(run))).await {
        Ok(accepted) => Ok(Outcome::Sent { message_id: accepted.message_id, agent_key }),
        Err(OperationError::Refused(refusal)) => failed(refusal.code),
        // One job that cannot be must not keep the others waiting.
        Err(OperationError::Unexpected(_) | OperationError::Rule(_)) => failed("unexpected"),
        Err(error) => Err(error),
    }
}

/// What a run has sent already, if it has: somebody was interrupted, or is at it now.
pub(super) async fn sent_before<E: Engine>(cx: &Cx<'_, E>, run: &Run) -> Result<Option<Outcome>, OperationError> {
    let first = cx.ledger.by_dedup_key(&key_of(run)).await?;
    Ok(first.and_then(|event| {
        let text = |name: &str| event.data[name].as_str().map(str::to_owned);
        Some(Outcome::Sent { message_id: text("message_id")?, agent_key: text("agent_key")? })
    }))
}

fn key_of(run: &Run) -> String {
    dedup_key(&["push", &run.run_key])
}

/// The binding that a job speaks through now. One that follows its user goes to another agent only when the user left the first.
pub(super) async fn target<E: Engine>(cx: &Cx<'_, E>, job: &PushJob) -> Result<Binding, OperationError> {
    let of_agent = match &job.agent_key {
        Some(agent_key) => bindings::of_user(cx, &job.consumer_user_id, agent_key).await?,
        None => None,
    };
    let found = match of_agent {
        None if job.follows_user => bindings::newest_of_user(cx, &job.consumer_user_id).await?,
        found => found,
    };
    Ok(found.ok_or_else(|| Refusal::not_found("no_active_binding", "the user is not bound to the agent"))?)
}
