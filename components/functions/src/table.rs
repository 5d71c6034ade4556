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
    function("getMessageRuntimeConfig", Base::Consumer, "query", Operation::GetConfig),
    function("setMessageRuntimeConfig", Base::Consumer, "mutation", Operation::SetConfig),
    function("listQueueItemsForConversation", Base::Consumer, "query", Operation::ListMessages),
    function("listQueueItemsForUserAgent", Base::Consumer, "query", Operation::ListMessages),
    function("getConversationViewForUserAgent", Base::Consumer, "query", Operation::GetConversation),
    function("sendMessageToUserAgent", Base::Consumer, "mutation", Operation::EnqueueMessage),
    function("queueStats", Base::Consumer, "query", Operation::QueueStats),
    function("workerStats", Base::Consumer, "query", Operation::WorkerStats),
    function("startWorkers", Base::Consumer, "action", Operation::StartWorkers),
    function("checkIdleShutdowns", Base::Consumer, "action", Operation::CheckIdleShutdowns),
    function("deleteFlyVolume", Base::Consumer, "action", Operation::DeleteVolume),
    function("runFlyCleanup", Base::Consumer, "action", Operation::RunCleanup),
    function("recoverQueue", Base::Consumer, "action", Operation::RecoverQueue),
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
