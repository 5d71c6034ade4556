//! The functions that are served, and as what.

use clawstead_service::{Operation, Problem};
use http::StatusCode;

/// Where a function exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// At `/api`, for consumer apps.
    Consumer,
    /// At `/worker/<token>/api`, for that worker.
    Worker,
}

/// One function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) base: Base,
    /// `query`, `mutation` or `action`: how it must be called.
    pub(crate) kind: &'static str,
    pub(crate) operation: Operation,
}

const fn function(name: &'static str, base: Base, kind: &'static str, operation: Operation) -> Function {
    Function { name, base, kind, operation }
}

const FUNCTIONS: &[Function] = &[
    function("enqueue", Base::Consumer, "mutation", Operation::EnqueueMessage),
    function("getProviderRuntimeConfig", Base::Consumer, "query", Operation::GetConfig),
    function("setProviderRuntimeConfig", Base::Consumer, "mutation", Operation::SetConfig),
    function("getMessageRuntimeConfig", Base::Consumer, "query", Operation::GetConfig),
    function("setMessageRuntimeConfig", Base::Consumer, "mutation", Operation::SetConfig),
    function("createMessageTemplate", Base::Consumer, "mutation", Operation::CreateTemplate),
    function("updateMessageTemplate", Base::Consumer, "mutation", Operation::ChangeTemplate),
    function("deleteMessageTemplate", Base::Consumer, "mutation", Operation::DeleteTemplate),
    function("listMessageTemplatesByCompany", Base::Consumer, "query", Operation::ListTemplates),
    function("listQueueItemsForConversation", Base::Consumer, "query", Operation::ListMessages),
    function("listQueueItemsForUserAgent", Base::Consumer, "query", Operation::ListMessages),
    function("getConversationViewForUserAgent", Base::Consumer, "query", Operation::GetConversation),
    function("listSnapshotsForConversation", Base::Consumer, "query", Operation::ListSnapshots),
    function("listSnapshotsForUserAgent", Base::Consumer, "query", Operation::ListSnapshots),
    function("getLatestSnapshotForUserAgent", Base::Consumer, "query", Operation::ListSnapshots),
    function("getUserAgentConversationStats", Base::Consumer, "query", Operation::GetUserAgentStats),
    function("sendMessageToUserAgent", Base::Consumer, "mutation", Operation::SendMessage),
    function("sendMessageTemplateToUserAgent", Base::Consumer, "mutation", Operation::SendMessage),
    function("createPushTemplate", Base::Consumer, "mutation", Operation::CreatePushTemplate),
    function("updatePushTemplate", Base::Consumer, "mutation", Operation::ChangePushTemplate),
    function("deletePushTemplate", Base::Consumer, "mutation", Operation::DeletePushTemplate),
    function("listPushTemplatesByCompany", Base::Consumer, "query", Operation::ListPushTemplates),
    function("createPushJobFromTemplate", Base::Consumer, "mutation", Operation::CreatePushJob),
    function("createPushJobCustom", Base::Consumer, "mutation", Operation::CreatePushJob),
    function("createPushJobFromTemplateForAgent", Base::Consumer, "mutation", Operation::CreatePushJob),
    function("createPushJobCustomForAgent", Base::Consumer, "mutation", Operation::CreatePushJob),
    function("updatePushJob", Base::Consumer, "mutation", Operation::ChangePushJob),
    function("updatePushJobForAgent", Base::Consumer, "mutation", Operation::ChangePushJob),
    function("setPushJobEnabled", Base::Consumer, "mutation", Operation::ChangePushJob),
    function("deletePushJob", Base::Consumer, "mutation", Operation::DeletePushJob),
    function("listPushJobsForUser", Base::Consumer, "query", Operation::ListPushJobs),
    function("listPushJobsForAgent", Base::Consumer, "query", Operation::ListPushJobs),
    function("triggerPushJobNow", Base::Consumer, "mutation", Operation::TriggerPushJob),
    function("triggerPushJobNowForAgent", Base::Consumer, "mutation", Operation::TriggerPushJob),
    function("listPushDispatchesByJob", Base::Consumer, "query", Operation::ListPushDispatches),
    function("listPushDispatchesForAgent", Base::Consumer, "query", Operation::ListPushDispatches),
    function("dispatchDuePushJobs", Base::Consumer, "mutation", Operation::DispatchPushJobs),
    function("getUserAgentPushStats", Base::Consumer, "query", Operation::GetUserAgentStats),
    function("getUserAgentUsageStats", Base::Consumer, "query", Operation::GetUserAgentStats),
    function("sendBroadcastToAllActiveAgents", Base::Consumer, "mutation", Operation::SendBroadcast),
    function("queueStats", Base::Consumer, "query", Operation::QueueStats),
    function("workerStats", Base::Consumer, "query", Operation::WorkerStats),
    function("startWorkers", Base::Consumer, "action", Operation::StartWorkers),
    function("checkIdleShutdowns", Base::Consumer, "action", Operation::CheckIdleShutdowns),
    function("deleteFlyVolume", Base::Consumer, "action", Operation::DeleteVolume),
    function("runFlyCleanup", Base::Consumer, "action", Operation::RunCleanup),
    function("recoverQueue", Base::Consumer, "action", Operation::RecoverQueue),
    function("seedDefaultAgent", Base::Consumer, "mutation", Operation::ConfigureAgent),
    function("importSecret", Base::Consumer, "mutation", Operation::ImportSecret),
    function("secretStatus", Base::Consumer, "query", Operation::GetSecret),
    function("globalSkillsDeploy", Base::Consumer, "mutation", Operation::DeploySkill),
    function("globalSkillsList", Base::Consumer, "query", Operation::ListSkills),
    function("globalSkillsSetStatus", Base::Consumer, "mutation", Operation::EnableSkill),
    function("globalSkillsDelete", Base::Consumer, "mutation", Operation::DeleteSkill),
    function("bindUserAgent", Base::Consumer, "mutation", Operation::MakeBinding),
    function("revokeUserAgentBinding", Base::Consumer, "mutation", Operation::RevokeUserBindings),
    function("myAgentKey", Base::Consumer, "query", Operation::ResolveAccount),
    function("getUserAgentBinding", Base::Consumer, "query", Operation::ListBindings),
    function("listUserAgents", Base::Consumer, "query", Operation::ListUserAgents),
    function("getUserAgent", Base::Consumer, "query", Operation::GetUserAgent),
    function("getActiveUserAgent", Base::Consumer, "query", Operation::ListUserAgents),
    function("getUserAgentsOverview", Base::Consumer, "query", Operation::ListUserAgents),
    function("resolveAgentForTelegram", Base::Consumer, "query", Operation::ResolveAccount),
    function("createPairingCode", Base::Consumer, "mutation", Operation::CreatePairing),
    function("createUserAgentPairing", Base::Consumer, "mutation", Operation::CreatePairing),
    function("consumePairingCode", Base::Consumer, "mutation", Operation::ConsumePairing),
    function("getPairingCodeStatus", Base::Consumer, "query", Operation::FindPairing),
    function("getUserAgentPairingStatus", Base::Consumer, "query", Operation::GetUserAgent),
    function("importTelegramTokenForAgent", Base::Consumer, "action", Operation::ImportBotToken),
    function("reconcileTelegramBotIdentityForAgent", Base::Consumer, "action", Operation::ReconcileBot),
    function("getUserAgentOnboardingState", Base::Consumer, "query", Operation::GetOnboarding),
    function("getRequiredSecretRefs", Base::Consumer, "query", Operation::GetRequiredSecrets),
    function("getProviderOperationalReadiness", Base::Consumer, "query", Operation::GetProviderReadiness),
    function("getTelegramAgentReadiness", Base::Consumer, "query", Operation::GetReadiness),
    function("getAgentOperationalReadiness", Base::Consumer, "query", Operation::GetReadiness),
    function("configureTelegramWebhook", Base::Consumer, "action", Operation::ConfigureWebhook),
    function("softResetTelegramBindingsMissingBotIdentity", Base::Consumer, "mutation", Operation::MigrateBindings),
    function("getWebhookReadiness", Base::Consumer, "action", Operation::GetWebhook),
    function("workerControlState", Base::Worker, "query", Operation::WorkerControl),
    function("workerClaim", Base::Worker, "mutation", Operation::WorkerClaim),
    function("workerConversationHasQueued", Base::Worker, "query", Operation::WorkerHasQueued),
    function("workerHydrationBundle", Base::Worker, "query", Operation::WorkerHydrate),
    function("workerHeartbeat", Base::Worker, "mutation", Operation::WorkerHeartbeat),
    function("workerAppendConversationMessages", Base::Worker, "mutation", Operation::WorkerAppendTurns),
    function("workerComplete", Base::Worker, "mutation", Operation::WorkerComplete),
    function("workerFail", Base::Worker, "mutation", Operation::WorkerFail),
    function("workerPrepareSnapshotUpload", Base::Worker, "mutation", Operation::WorkerStartSnapshot),
    function("workerFinalizeSnapshotUpload", Base::Worker, "mutation", Operation::WorkerFinishSnapshot),
    function("workerFailSnapshotUpload", Base::Worker, "mutation", Operation::WorkerFailSnapshot),
    function("workerLatestSnapshotForRestore", Base::Worker, "query", Operation::WorkerLatestSnapshot),
    function("workerGenerateMediaUploadUrl", Base::Worker, "mutation", Operation::WorkerExpectMedia),
    function("workerGetStorageFileUrl", Base::Worker, "query", Operation::WorkerFileUrl),
    function("workerAttachMessageMetadata", Base::Worker, "mutation", Operation::WorkerAttachMetadata),
    function("workerGlobalSkillsManifest", Base::Worker, "query", Operation::WorkerSkillsManifest),
];

/// Finds a function at a base, called as `kind`.
pub(crate) fn find(name: &str, base: Base, kind: &str) -> Result<&'static Function, Problem> {
    let Some(function) = FUNCTIONS.iter().find(|function| function.name == name && function.base == base) else {
        let elsewhere = FUNCTIONS.iter().any(|function| function.name == name);
        let detail = if elsewhere { "this function does not exist at this base URL" } else { "there is no such function" };
        return Err(Problem {
            field: Some("path".to_owned()),
            ..Problem::new(StatusCode::NOT_FOUND, "function_not_found", detail)
        });
    };
    if function.kind != kind {
        let detail = format!("{name} is a {} and was called as a {kind}", function.kind);
        return Err(Problem::field("wrong_function_kind", "path", detail));
    }
    Ok(function)
}
