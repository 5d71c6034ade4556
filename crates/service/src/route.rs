//! Which path of which component is which operation.

use http::Method;

use crate::operation::Operation;

/// A component of `spin.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is explained in the manifest of its crate")]
pub enum Component {
    Admin,
    Enqueue,
    Files,
    FlyReconciler,
    Functions,
    Pairing,
    TelegramWebhook,
    WorkerApi,
}

impl Component {
    /// Its id in `spin.toml`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Enqueue => "enqueue",
            Self::Files => "files",
            Self::FlyReconciler => "fly-reconciler",
            Self::Functions => "functions",
            Self::Pairing => "pairing",
            Self::TelegramWebhook => "telegram-webhook",
            Self::WorkerApi => "worker-api",
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Who answers.
    pub component: Component,
    /// HTTP method.
    pub method: &'static str,
    /// Path; a segment in braces takes whatever stands there.
    pub path: &'static str,
    /// What is asked for.
    pub operation: Operation,
}

const fn route(component: Component, method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route { component, method, path, operation }
}

/// All routes.
pub const ROUTES: &[Route] = {
    use Component::{Admin, Enqueue, Files, FlyReconciler, Functions, Pairing, TelegramWebhook, WorkerApi};
    &[
        route(Admin, "GET", "/healthz", Operation::Health),
        route(Admin, "GET", "/v1/stats", Operation::Stats),
        route(Admin, "GET", "/v1/costs", Operation::ListCosts),
        route(Admin, "GET", "/v1/costs/messages", Operation::ListMessageCosts),
        route(Admin, "GET", "/v1/events", Operation::ListEvents),
        route(Admin, "POST", "/v1/views/rebuild", Operation::RebuildViews),
        route(Admin, "GET", "/v1/agents", Operation::ListAgents),
        route(Admin, "GET", "/v1/agents/{agent_key}", Operation::GetAgent),
        route(Admin, "PUT", "/v1/agents/{agent_key}", Operation::ConfigureAgent),
        route(Admin, "POST", "/v1/agents/{agent_key}/enable", Operation::EnableAgent),
        route(Admin, "POST", "/v1/agents/{agent_key}/disable", Operation::DisableAgent),
        route(Admin, "GET", "/v1/agents/{agent_key}/required-secrets", Operation::GetRequiredSecrets),
        route(Admin, "GET", "/v1/agents/{agent_key}/readiness", Operation::GetReadiness),
        route(Admin, "PUT", "/v1/agents/{agent_key}/bot", Operation::ImportBotToken),
        route(Admin, "DELETE", "/v1/agents/{agent_key}/bot", Operation::UnlinkBot),
        route(Admin, "POST", "/v1/agents/{agent_key}/bot/reconcile", Operation::ReconcileBot),
        route(Admin, "GET", "/v1/agents/{agent_key}/bot/webhook", Operation::GetWebhook),
        route(Admin, "POST", "/v1/agents/{agent_key}/bot/webhook", Operation::ConfigureWebhook),
        route(Admin, "GET", "/v1/readiness", Operation::GetProviderReadiness),
        route(Admin, "GET", "/v1/subscriptions", Operation::ListSubscriptions),
        route(Admin, "POST", "/v1/subscriptions", Operation::CreateSubscription),
        route(Admin, "GET", "/v1/subscriptions/{subscription_id}", Operation::GetSubscription),
        route(Admin, "DELETE", "/v1/subscriptions/{subscription_id}", Operation::EndSubscription),
        route(Admin, "GET", "/v1/subscriptions/{subscription_id}/dead-deliveries", Operation::ListDeadDeliveries),
        route(
            Admin,
            "POST",
            "/v1/subscriptions/{subscription_id}/dead-deliveries/{delivery_id}/replay",
            Operation::ReplayDelivery,
        ),
        route(Admin, "GET", "/v1/secrets", Operation::ListSecrets),
        route(Admin, "POST", "/v1/secrets/reseal", Operation::ResealSecrets),
        route(Admin, "GET", "/v1/secrets/{secret_ref}", Operation::GetSecret),
        route(Admin, "PUT", "/v1/secrets/{secret_ref}", Operation::ImportSecret),
        route(Admin, "DELETE", "/v1/secrets/{secret_ref}", Operation::DestroySecret),
        route(Admin, "GET", "/v1/skills", Operation::ListSkills),
        route(Admin, "GET", "/v1/skills/{slug}", Operation::GetSkill),
        route(Admin, "DELETE", "/v1/skills/{slug}", Operation::DeleteSkill),
        route(Admin, "POST", "/v1/skills/{slug}/enable", Operation::EnableSkill),
        route(Admin, "POST", "/v1/skills/{slug}/disable", Operation::DisableSkill),
        route(Admin, "PUT", "/v1/skills/{slug}/channels/{channel}", Operation::ActivateSkill),
        route(Admin, "GET", "/v1/skills/{slug}/versions", Operation::ListSkillVersions),
        route(Admin, "GET", "/v1/skills/{slug}/versions/{version}", Operation::GetSkillVersion),
        route(Admin, "PUT", "/v1/skills/{slug}/versions/{version}", Operation::DeploySkill),
        route(Admin, "GET", "/v1/bots", Operation::ListBots),
        route(Admin, "POST", "/v1/bots", Operation::LinkBot),
        route(Admin, "GET", "/v1/api-keys", Operation::ListApiKeys),
        route(Admin, "POST", "/v1/api-keys", Operation::CreateApiKey),
        route(Admin, "DELETE", "/v1/api-keys/{key_id}", Operation::RevokeApiKey),
        route(Admin, "GET", "/v1/config/{name}", Operation::GetConfig),
        route(Admin, "PUT", "/v1/config/{name}", Operation::SetConfig),
        route(Admin, "GET", "/v1/templates", Operation::ListTemplates),
        route(Admin, "POST", "/v1/templates", Operation::CreateTemplate),
        route(Admin, "GET", "/v1/templates/{template_id}", Operation::GetTemplate),
        route(Admin, "PATCH", "/v1/templates/{template_id}", Operation::ChangeTemplate),
        route(Admin, "DELETE", "/v1/templates/{template_id}", Operation::DeleteTemplate),
        route(Admin, "GET", "/v1/push-templates", Operation::ListPushTemplates),
        route(Admin, "POST", "/v1/push-templates", Operation::CreatePushTemplate),
        route(Admin, "GET", "/v1/push-templates/{template_id}", Operation::GetPushTemplate),
        route(Admin, "PATCH", "/v1/push-templates/{template_id}", Operation::ChangePushTemplate),
        route(Admin, "DELETE", "/v1/push-templates/{template_id}", Operation::DeletePushTemplate),
        route(Admin, "GET", "/v1/push-jobs", Operation::ListPushJobs),
        route(Admin, "POST", "/v1/push-jobs", Operation::CreatePushJob),
        route(Admin, "POST", "/v1/push-jobs/dispatch", Operation::DispatchPushJobs),
        route(Admin, "GET", "/v1/push-jobs/{job_id}", Operation::GetPushJob),
        route(Admin, "PATCH", "/v1/push-jobs/{job_id}", Operation::ChangePushJob),
        route(Admin, "DELETE", "/v1/push-jobs/{job_id}", Operation::DeletePushJob),
        route(Admin, "POST", "/v1/push-jobs/{job_id}/trigger", Operation::TriggerPushJob),
        route(Admin, "GET", "/v1/push-jobs/{job_id}/dispatches", Operation::ListPushDispatches),
        route(Admin, "GET", "/v1/broadcasts", Operation::ListBroadcasts),
        route(Admin, "POST", "/v1/broadcasts", Operation::SendBroadcast),
        route(Admin, "GET", "/v1/broadcasts/{broadcast_id}", Operation::GetBroadcast),
        route(Admin, "GET", "/v1/telegram/stats", Operation::TelegramStats),
        route(Admin, "GET", "/v1/workers", Operation::ListWorkers),
        route(Admin, "POST", "/v1/workers", Operation::RegisterWorker),
        route(Pairing, "POST", "/v1/pairings", Operation::CreatePairing),
        route(Pairing, "GET", "/v1/pairings/{pairing_id}", Operation::GetPairing),
        route(Pairing, "GET", "/v1/pairings", Operation::ListPairings),
        route(Pairing, "POST", "/v1/pairings/find", Operation::FindPairing),
        route(Pairing, "POST", "/v1/pairings/consume", Operation::ConsumePairing),
        route(Pairing, "DELETE", "/v1/pairings/{pairing_id}", Operation::RevokePairing),
        route(Pairing, "GET", "/v1/bindings", Operation::ListBindings),
        route(Pairing, "POST", "/v1/bindings", Operation::MakeBinding),
        route(Pairing, "POST", "/v1/bindings/resolve", Operation::ResolveAccount),
        route(Pairing, "POST", "/v1/bindings/migrate", Operation::MigrateBindings),
        route(Pairing, "GET", "/v1/bindings/{binding_id}", Operation::GetBinding),
        route(Pairing, "DELETE", "/v1/bindings/{binding_id}", Operation::RevokeBinding),
        route(Pairing, "GET", "/v1/users/{consumer_user_id}/agents", Operation::ListUserAgents),
        route(Pairing, "GET", "/v1/users/{consumer_user_id}/agents/{agent_key}", Operation::GetUserAgent),
        route(Pairing, "GET", "/v1/users/{consumer_user_id}/agents/{agent_key}/onboarding", Operation::GetOnboarding),
        route(Pairing, "GET", "/v1/users/{consumer_user_id}/agents/{agent_key}/stats", Operation::GetUserAgentStats),
        route(Pairing, "DELETE", "/v1/users/{consumer_user_id}/bindings", Operation::RevokeUserBindings),
        route(TelegramWebhook, "POST", "/telegram/{bot_id}/webhook", Operation::ReceiveUpdate),
        route(Enqueue, "POST", "/v1/messages", Operation::EnqueueMessage),
        route(Enqueue, "POST", "/v1/users/{consumer_user_id}/agents/{agent_key}/messages", Operation::SendMessage),
        route(Enqueue, "GET", "/v1/messages/{message_id}", Operation::GetMessage),
        route(Enqueue, "POST", "/v1/messages/{message_id}/cancel", Operation::CancelMessage),
        route(Enqueue, "POST", "/v1/messages/{message_id}/reschedule", Operation::RescheduleMessage),
        route(Enqueue, "POST", "/v1/messages/{message_id}/replay", Operation::ReplayDeadLetter),
        route(Enqueue, "POST", "/v1/messages/{message_id}/discard", Operation::DiscardDeadLetter),
        route(Enqueue, "GET", "/v1/dead-letters", Operation::ListDeadLetters),
        route(Enqueue, "POST", "/v1/dead-letters/replay", Operation::ReplayDeadLetters),
        route(Enqueue, "POST", "/v1/dead-letters/discard", Operation::DiscardDeadLetters),
        route(Enqueue, "GET", "/v1/conversations/{conversation_id}", Operation::GetConversation),
        route(Enqueue, "GET", "/v1/conversations/{conversation_id}/messages", Operation::ListMessages),
        route(Enqueue, "GET", "/v1/conversations/{conversation_id}/turns", Operation::ListTurns),
        route(Enqueue, "GET", "/v1/conversations/{conversation_id}/snapshots", Operation::ListSnapshots),
        route(Pairing, "GET", "/v1/users/{consumer_user_id}/agents/{agent_key}/snapshots", Operation::ListSnapshots),
        route(Enqueue, "GET", "/v1/queue/stats", Operation::QueueStats),
        route(Functions, "POST", "/api/{kind}", Operation::CallFunction),
        route(Functions, "POST", "/worker/{token}/api/{kind}", Operation::CallWorkerFunction),
        route(WorkerApi, "GET", "/worker/{token}/v1/control", Operation::WorkerControl),
        route(WorkerApi, "POST", "/worker/{token}/v1/claim", Operation::WorkerClaim),
        route(WorkerApi, "GET", "/worker/{token}/v1/claim", Operation::WorkerAwaitClaim),
        route(WorkerApi, "GET", "/worker/{token}/v1/messages/{message_id}", Operation::WorkerHydrate),
        route(WorkerApi, "POST", "/worker/{token}/v1/heartbeat", Operation::WorkerHeartbeat),
        route(WorkerApi, "POST", "/worker/{token}/v1/replies", Operation::WorkerReply),
        route(WorkerApi, "POST", "/worker/{token}/v1/complete", Operation::WorkerComplete),
        route(WorkerApi, "POST", "/worker/{token}/v1/fail", Operation::WorkerFail),
        route(WorkerApi, "POST", "/worker/{token}/v1/conversations/{conversation_id}/turns", Operation::WorkerAppendTurns),
        route(WorkerApi, "POST", "/worker/{token}/v1/messages/{message_id}/metadata", Operation::WorkerAttachMetadata),
        route(WorkerApi, "POST", "/worker/{token}/v1/snapshots", Operation::WorkerStartSnapshot),
        route(WorkerApi, "POST", "/worker/{token}/v1/snapshots/{snapshot_id}/finish", Operation::WorkerFinishSnapshot),
        route(WorkerApi, "POST", "/worker/{token}/v1/snapshots/{snapshot_id}/fail", Operation::WorkerFailSnapshot),
        route(WorkerApi, "POST", "/worker/{token}/v1/snapshots/{snapshot_id}/fetched", Operation::WorkerFetchedSnapshot),
        route(WorkerApi, "GET", "/worker/{token}/v1/conversations/{conversation_id}/snapshots", Operation::WorkerListSnapshots),
        route(
            WorkerApi,
            "GET",
            "/worker/{token}/v1/conversations/{conversation_id}/snapshots/latest",
            Operation::WorkerLatestSnapshot,
        ),
        route(WorkerApi, "GET", "/worker/{token}/v1/skills", Operation::WorkerSkillsManifest),
        route(WorkerApi, "POST", "/worker/{token}/v1/media", Operation::WorkerExpectMedia),
        route(WorkerApi, "GET", "/worker/{token}/v1/media/{storage_id}", Operation::WorkerFileUrl),
        route(Files, "POST", "/v1/files", Operation::CreateFile),
        route(Files, "GET", "/files/{token}", Operation::DownloadFile),
        route(Files, "POST", "/files/{token}", Operation::UploadFile),
        route(Files, "PUT", "/files/{token}", Operation::UploadFile),
        route(FlyReconciler, "POST", "/internal/tick", Operation::Tick),
        route(FlyReconciler, "POST", "/v1/provider/reconcile", Operation::StartWorkers),
        route(FlyReconciler, "POST", "/v1/provider/cleanup", Operation::RunCleanup),
        route(FlyReconciler, "GET", "/v1/provider/unowned", Operation::ListUnowned),
        route(FlyReconciler, "DELETE", "/v1/provider/apps/{app_name}/volumes/{volume_id}", Operation::DeleteVolume),
    ]
};

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An operation, with what stands at the braces.
    Operation(Operation, Vec<(&'static str, String)>),
    /// A path that is there, for other methods.
    OtherMethods(Vec<&'static str>),
    /// Nothing.
    Nothing,
}

/// Finds the operation of a request. Empty segments are skipped: existing workers double a slash.
pub fn find(component: Component, method: &Method, path: &str) -> Found {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut others = Vec::new();
    for route in ROUTES.iter().filter(|route| route.component == component) {
        let Some(params) = matched(route.path, &segments) else { continue };
        if route.method == method.as_str() {
            return Found::Operation(route.operation, params);
        }
        others.push(route.method);
    }
    if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
}

fn matched(pattern: &'static str, segments: &[&str]) -> Option<Vec<(&'static str, String)>> {
    let wanted: Vec<&'static str> = pattern.split('/').filter(|segment| !segment.is_empty()).collect();
    if wanted.len() != segments.len() {
        return None;
    }
    let mut params = Vec::new();
    for (wanted, found) in wanted.into_iter().zip(segments) {
        match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => params.push((name, percent_decoded(found)?)),
            None if wanted == *found => {}
            None => return None,
        }
    }
    Some(params)
}

/// Text of a path segment or a query value; `None` when it is not UTF-8 or badly escaped.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(component: Component, method: &Method, path: &str) -> Found {
        find(component, method, path)
    }

    #[test]
    fn braces_take_what_stands_there() {
        let found = at(Component::Admin, &Method::PUT, "/v1/agents/a%20b");
        assert_eq!(found, Found::Operation(Operation::ConfigureAgent, vec![("agent_key", "a b".to_owned())]));
    }

    #[test]
    fn a_doubled_slash_of_existing_workers_is_taken() {
        let found = at(Component::Functions, &Method::POST, "/worker/t//api/query");
        assert!(matches!(found, Found::Operation(Operation::CallWorkerFunction, _)));
    }

    #[test]
    fn other_methods_and_other_paths_are_told_apart() {
        assert_eq!(at(Component::Admin, &Method::DELETE, "/v1/agents/a"), Found::OtherMethods(vec!["GET", "PUT"]));
        assert_eq!(at(Component::Admin, &Method::GET, "/v1/nothing"), Found::Nothing);
        assert_eq!(at(Component::Admin, &Method::GET, "/v1/agents/%ff"), Found::Nothing);
    }

    #[test]
    fn every_operation_can_be_reached() {
        let functions =
            [Operation::WorkerStats, Operation::CheckIdleShutdowns, Operation::RecoverQueue, Operation::WorkerHasQueued];
        for operation in Operation::ALL.iter().filter(|operation| !functions.contains(operation)) {
            assert!(ROUTES.iter().any(|route| route.operation == *operation), "{}", operation.name());
        }
    }

    #[test]
    fn the_manifest_sends_every_route_to_its_component() {
        let manifest = include_str!("../../../spin.toml").parse::<toml::Table>().unwrap();
        let triggers = manifest["trigger"]["http"].as_array().unwrap();
        for route in ROUTES {
            let to: Vec<&str> = triggers
                .iter()
                .filter(|trigger| trigger["component"].as_str() == Some(route.component.id()))
                .filter_map(|trigger| trigger["route"].as_str())
                .collect();
            assert!(to.iter().any(|pattern| covers(pattern, route.path)), "{} {} is not in {to:?}", route.method, route.path);
        }
    }

    fn covers(pattern: &str, path: &str) -> bool {
        let (pattern, open) = pattern.strip_suffix("/...").map_or((pattern, false), |start| (start, true));
        let wanted: Vec<&str> = pattern.split('/').collect();
        let found: Vec<&str> = path.split('/').collect();
        let long_enough = if open { found.len() >= wanted.len() } else { found.len() == wanted.len() };
        long_enough && wanted.iter().zip(&found).all(|(wanted, found)| wanted.starts_with(':') || wanted == found)
    }
}
