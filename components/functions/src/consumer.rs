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
use crate::{
    bindings, bots, broadcasts, conversations, machines, message_config, pairings, provider_config, push_jobs, push_templates,
    secrets, skills, templates, user_agents,
};

pub(crate) async fn run(
    app: &App,
    call: &Call,
    principal: &Principal,
    function: &Function,
    args: Value,
) -> Result<Value, Problem> {
    match function.operation {
        Operation::GetConfig if function.name == "getProviderRuntimeConfig" => provider_config::show(app, call, args).await,
        Operation::SetConfig if function.name == "setProviderRuntimeConfig" => {
            provider_config::set(&cx_of(app, call, principal), args).await
        }
        Operation::GetConfig => message_config::show(app, call, args).await,
        Operation::SetConfig => message_config::set(app, call, principal, args).await,
        Operation::ListMessages => conversations::messages(app, call, function, args).await,
        Operation::GetConversation => conversations::show(app, call, args).await,
        Operation::ListSnapshots => conversations::snapshots(app, call, function, args).await,
        Operation::GetUserAgentStats => user_agents::stats(app, call, principal, function, args).await,
        Operation::SendMessage if function.name == "sendMessageToUserAgent" => {
            conversations::send(app, call, principal, args).await
        }
        Operation::SendMessage => templates::send(app, call, principal, args).await,
        Operation::CreateTemplate => templates::create(app, call, principal, args).await,
        Operation::ChangeTemplate => templates::change(app, call, principal, args).await,
        Operation::DeleteTemplate => templates::delete(app, call, principal, args).await,
        Operation::ListTemplates => templates::list(app, call, principal, args).await,
        Operation::EnqueueMessage => enqueue(app, call, principal, args).await,
        Operation::QueueStats => queue_stats(app, call, args).await,
        Operation::WorkerStats => worker_stats(app, call, args).await,
        Operation::StartWorkers => machines::start(app, &cx_of(app, call, principal), args).await,
        Operation::CheckIdleShutdowns => machines::check_idle(app, &cx_of(app, call, principal), args).await,
        Operation::RecoverQueue => machines::recover(app, &cx_of(app, call, principal), args).await,
        Operation::DeleteVolume => machines::delete_volume(app, &cx_of(app, call, principal), args).await,
        Operation::RunCleanup => machines::clean_up(app, &cx_of(app, call, principal), args).await,
        Operation::DeploySkill => skills::deploy(app, &cx_of(app, call, principal), args).await,
        Operation::ListSkills => skills::list(app, call, args).await,
        Operation::EnableSkill => skills::set_status(&cx_of(app, call, principal), args).await,
        Operation::DeleteSkill => skills::delete(&cx_of(app, call, principal), args).await,
        Operation::SendBroadcast => broadcasts::send(app, call, principal, args).await,
        Operation::CreatePushTemplate
        | Operation::ChangePushTemplate
        | Operation::DeletePushTemplate
        | Operation::ListPushTemplates
        | Operation::CreatePushJob
        | Operation::ChangePushJob
        | Operation::DeletePushJob
        | Operation::ListPushJobs
        | Operation::TriggerPushJob
        | Operation::ListPushDispatches
        | Operation::DispatchPushJobs => pushes(app, call, principal, function, args).await,
        _ => identity(app, call, principal, function, args).await,
    }
}

/// Rows 64 to 73, 82 to 89, 92 and 94.
async fn pushes(app: &App, call: &Call, principal: &Principal, function: &Function, args: Value) -> Result<Value, Problem> {
    match function.operation {
        Operation::CreatePushTemplate => push_templates::create(app, call, principal, args).await,
        Operation::ChangePushTemplate => push_templates::change(app, call, principal, args).await,
        Operation::DeletePushTemplate => push_templates::delete(app, call, principal, args).await,
        Operation::ListPushTemplates => push_templates::list(app, call, args).await,
        Operation::CreatePushJob => push_jobs::create(app, call, principal, function, args).await,
        Operation::ChangePushJob => push_jobs::change(app, call, principal, args).await,
        Operation::DeletePushJob => push_jobs::delete(app, call, principal, args).await,
        Operation::ListPushJobs => push_jobs::list(app, call, principal, args).await,
        Operation::TriggerPushJob => push_jobs::trigger(app, call, principal, args).await,
        Operation::ListPushDispatches => push_jobs::dispatches(app, call, principal, function, args).await,
        _ => push_jobs::dispatch_due(app, call, principal, args).await,
    }
}

/// Rows 32 to 34 and 40 to 63.
async fn identity(app: &App, call: &Call, principal: &Principal, function: &Function, args: Value) -> Result<Value, Problem> {
    match function.name {
        "seedDefaultAgent" => secrets::seed_default_agent(app, call, principal, args).await,
        "importSecret" => secrets::import(app, call, principal, args).await,
        "secretStatus" => secrets::status(app, call, args).await,
        "getRequiredSecretRefs" => secrets::required(app, call, args).await,
        "bindUserAgent" => bindings::bind(app, call, principal, args).await,
        "revokeUserAgentBinding" => bindings::revoke(app, call, principal, args).await,
        "myAgentKey" => bindings::my_agent(app, call, principal, args).await,
        "getUserAgentBinding" => bindings::of_user(app, call, principal, args).await,
        "resolveAgentForTelegram" => bindings::resolve(app, call, principal, args).await,
        "softResetTelegramBindingsMissingBotIdentity" => bindings::migrate(app, call, principal, args).await,
        "listUserAgents" => user_agents::list(app, call, principal, args).await,
        "getUserAgent" => user_agents::one(app, call, principal, args).await,
        "getActiveUserAgent" => user_agents::active(app, call, principal, args).await,
        "getUserAgentsOverview" => user_agents::overview(app, call, principal, args).await,
        "getUserAgentOnboardingState" => user_agents::onboarding(app, call, args).await,
        "getProviderOperationalReadiness" => user_agents::provider_readiness(app, call, args).await,
        "getTelegramAgentReadiness" | "getAgentOperationalReadiness" => user_agents::readiness(app, call, args).await,
        "createPairingCode" => pairings::create(app, call, principal, false, args).await,
        "createUserAgentPairing" => pairings::create(app, call, principal, true, args).await,
        "consumePairingCode" => pairings::consume(app, call, principal, args).await,
        "getPairingCodeStatus" => pairings::of_code(app, call, principal, args).await,
        "getUserAgentPairingStatus" => pairings::of_user_agent(app, call, args).await,
        "importTelegramTokenForAgent" => bots::import_token(app, call, principal, args).await,
        "reconcileTelegramBotIdentityForAgent" => bots::reconcile(app, call, principal, args).await,
        "configureTelegramWebhook" => bots::configure_webhook(app, call, principal, args).await,
        "getWebhookReadiness" => bots::webhook(app, call, args).await,
        other => Err(Problem::internal(format!("{other} is a function that nobody carries out"))),
    }
}

/// The surroundings of an operation that a function's caller asks for.
pub(crate) fn cx_of<'a>(app: &'a App, call: &Call, principal: &Principal) -> Cx<'a, SpinEngine> {
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
