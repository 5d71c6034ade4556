//! Functions of consumer apps.

use std::collections::BTreeMap;

use clawstead_domain::conversation::{AttachmentKind, Enqueue};
use clawstead_ledger::engines::spin::SpinEngine;
use clawstead_operations::files::{self, NewAttachment};
use clawstead_operations::{Cx, queue, workers};
use clawstead_service::spin::App;
use clawstead_service::{Call, Operation, Principal, Problem, json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::table::Function;
use crate::{conversations, machines, message_config};

pub(crate) async fn run(
    app: &App,
    call: &Call,
    principal: &Principal,
    function: &Function,
    args: Value,
) -> Result<Value, Problem> {
    match function.operation {
        Operation::GetConfig => message_config::show(app, call, args).await,
        Operation::SetConfig => message_config::set(app, call, principal, args).await,
        Operation::ListMessages => conversations::messages(app, call, function, args).await,
        Operation::GetConversation => conversations::show(app, call, args).await,
        Operation::EnqueueMessage if function.name == "sendMessageToUserAgent" => {
            conversations::send(app, call, principal, args).await
        }
        Operation::EnqueueMessage => enqueue(app, call, principal, args).await,
        Operation::QueueStats => queue_stats(app, call, args).await,
        Operation::WorkerStats => worker_stats(app, call, args).await,
        Operation::StartWorkers => machines::start(app, &acting(app, call, principal), args).await,
        Operation::CheckIdleShutdowns => machines::check_idle(app, &acting(app, call, principal), args).await,
        Operation::RecoverQueue => machines::recover(app, &acting(app, call, principal), args).await,
        Operation::DeleteVolume => machines::delete_volume(app, &acting(app, call, principal), args).await,
        Operation::RunCleanup => machines::clean_up(app, &acting(app, call, principal), args).await,
        other => Err(Problem::internal(format!("{} has no function", other.name()))),
    }
}

/// The surroundings of the function's operation, with who asks for it.
fn acting<'a>(app: &'a App, call: &Call, principal: &Principal) -> Cx<'a, SpinEngine> {
    let mut cx = app.cx(call);
    cx.actor = principal.actor();
    cx
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoArgs {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EnqueueArgs {
    conversation_id: String,
    agent_key: String,
    provider: String,
    provider_user_id: String,
    message_text: String,
    external_message_id: Option<String>,
    /// Taken and not kept: an update holds more about people than anybody needs here.
    #[serde(rename = "rawUpdateJson")]
    _raw_update_json: Option<IgnoredAny>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    attachments: Vec<AttachmentArgs>,
    priority: Option<i64>,
    /// Taken and not used: whoever may send a message must not choose where machines are made.
    #[serde(rename = "providerConfig")]
    _provider_config: Option<IgnoredAny>,
}

/// What its sender says of a file. A download URL is not his to give, so there is no such field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AttachmentArgs {
    kind: AttachmentKind,
    /// Taken and not used: whether it is ready is for us to find out.
    #[serde(rename = "status")]
    _status: Option<IgnoredAny>,
    storage_id: String,
    telegram_file_id: Option<String>,
    file_name: Option<String>,
    mime_type: Option<String>,
    /// Taken and not used: its bytes have been counted.
    #[serde(rename = "sizeBytes")]
    _size_bytes: Option<IgnoredAny>,
    expires_at: Option<i64>,
}

impl AttachmentArgs {
    fn wanted(self) -> NewAttachment {
        let Self { kind, storage_id, telegram_file_id, file_name, mime_type, expires_at, .. } = self;
        NewAttachment { kind, storage_id, telegram_file_id, file_name, mime_type, expires_at }
    }
}

async fn enqueue(app: &App, call: &Call, principal: &Principal, args: Value) -> Result<Value, Problem> {
    let args: EnqueueArgs = json::from_value(args)?;
    let mut cx = app.cx(call);
    cx.actor = principal.actor();
    let command = Enqueue {
        conversation_id: args.conversation_id,
        agent_key: args.agent_key,
        provider: args.provider,
        provider_user_id: args.provider_user_id,
        text: args.message_text,
        external_id: args.external_message_id,
        metadata: args.metadata,
        priority: args.priority,
        ..Enqueue::default()
    };
    let attachments: Vec<NewAttachment> = args.attachments.into_iter().map(AttachmentArgs::wanted).collect();
    let accepted = files::enqueue_with(&cx, command, &attachments, None).await?;
    call.enqueued.set(!accepted.repeated);
    Ok(json!(accepted.message_id))
}

async fn queue_stats(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let NoArgs {} = json::from_value(args)?;
    let stats = queue::stats(&app.cx(call)).await?;
    Ok(json!({ "queuedReady": stats.queued_ready, "processing": stats.processing, "deadLetter": stats.dead_letter }))
}

async fn worker_stats(app: &App, call: &Call, args: Value) -> Result<Value, Problem> {
    let NoArgs {} = json::from_value(args)?;
    let live = workers::live(&app.cx(call)).await?;
    let (active, idle): (Vec<_>, Vec<_>) =
        live.iter().filter(|worker| worker.state.takes_work()).partition(|worker| worker.load > 0);
    let shown: Vec<Value> = live
        .iter()
        .map(|worker| {
            json!({
                "workerId": worker.worker_id, "status": worker.state.as_str(), "load": worker.load,
                "heartbeatAt": worker.last_seen_at.unwrap_or(0), "machineId": worker.machine_id, "appName": worker.app_name,
            })
        })
        .collect();
    Ok(json!({ "activeCount": active.len(), "idleCount": idle.len(), "workers": shown }))
}
