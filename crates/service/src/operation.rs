//! Every operation, and who may ask for it. The only such table.

use clawstead_domain::api_key::Scope;
use clawstead_operations::files::Action;

/// Who may ask for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anybody.
    Public,
    /// The operator alone.
    Operator,
    /// The operator, and API keys with this scope.
    Service(Scope),
    /// The worker whose token is in the path.
    Worker,
    /// The bot that is in the path, by its webhook secret.
    Bot,
    /// Whoever has the tick key, and the operator.
    Tick,
    /// Whoever has a signed link for it.
    FileLink(Action),
}

macro_rules! operations {
    ($($name:ident: $permission:expr, $what:literal;)+) => {
        /// What can be asked of clawstead, over any protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[doc = $what] $name,)+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Who may ask for it.
            pub fn permission(self) -> Permission {
                match self {
                    $(Self::$name => $permission,)+
                }
            }

            /// Its name in log lines.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

operations! {
    Health: Permission::Public, "Whether clawstead works.";
    Stats: Permission::Operator, "Figures of everything.";
    ListCosts: Permission::Operator, "What each day and agent cost.";
    ListMessageCosts: Permission::Operator, "What each finished message cost.";
    ListEvents: Permission::Operator, "A page of the log.";
    RebuildViews: Permission::Operator, "Make all views anew from the log.";
    ConfigureAgent: Permission::Operator, "Make or change an agent profile.";
    GetAgent: Permission::Operator, "One agent profile.";
    ListAgents: Permission::Operator, "All agent profiles.";
    LinkBot: Permission::Operator, "Give an agent its bot.";
    ListBots: Permission::Operator, "All bots.";
    CreateApiKey: Permission::Operator, "Make an API key.";
    ListApiKeys: Permission::Operator, "All API keys, without their values.";
    RevokeApiKey: Permission::Operator, "Refuse an API key from now on.";
    GetConfig: Permission::Operator, "One policy.";
    SetConfig: Permission::Operator, "Change a policy.";
    RegisterWorker: Permission::Operator, "Admit a worker of one's own.";
    ListWorkers: Permission::Operator, "All workers.";
    WorkerStats: Permission::Service(Scope::Stats), "Figures of the workers.";
    CreatePairing: Permission::Service(Scope::Pairing), "Make a pairing code.";
    GetPairing: Permission::Service(Scope::Pairing), "The state of a pairing.";
    ListBindings: Permission::Service(Scope::Pairing), "The bindings of a user.";
    ReceiveUpdate: Permission::Bot, "Take an update from Telegram.";
    EnqueueMessage: Permission::Service(Scope::Messages), "Accept a message.";
    CreateFile: Permission::Service(Scope::Messages), "Get a link to upload a file for a message to come.";
    GetMessage: Permission::Service(Scope::Messages), "The state of a message.";
    ListMessages: Permission::Service(Scope::Messages), "The messages of a conversation.";
    CancelMessage: Permission::Service(Scope::Messages), "Withdraw a message.";
    RescheduleMessage: Permission::Service(Scope::Messages), "Move the time of a message.";
    ListDeadLetters: Permission::Operator, "Messages that were given up.";
    ReplayDeadLetter: Permission::Operator, "Accept a dead letter anew.";
    DiscardDeadLetter: Permission::Operator, "Put a dead letter away.";
    ReplayDeadLetters: Permission::Operator, "Accept many dead letters anew.";
    DiscardDeadLetters: Permission::Operator, "Put many dead letters away.";
    GetConversation: Permission::Service(Scope::Messages), "The state of a conversation.";
    ListTurns: Permission::Service(Scope::Messages), "What was said in a conversation.";
    ListSnapshots: Permission::Operator, "The snapshots of a conversation.";
    QueueStats: Permission::Service(Scope::Stats), "Figures of the queue.";
    CallFunction: Permission::Public, "A function call; the function called has a permission of its own.";
    CallWorkerFunction: Permission::Worker, "A function call of a worker.";
    WorkerControl: Permission::Worker, "Whether the worker should stop.";
    WorkerClaim: Permission::Worker, "Get a message.";
    WorkerAwaitClaim: Permission::Worker, "Get a message, waiting for one.";
    WorkerHasQueued: Permission::Worker, "Whether there is more to get.";
    WorkerHydrate: Permission::Worker, "Get what is needed for a message.";
    WorkerHeartbeat: Permission::Worker, "Renew a lease.";
    WorkerAppendTurns: Permission::Worker, "Add what was said.";
    WorkerComplete: Permission::Worker, "End a message well.";
    WorkerFail: Permission::Worker, "Give a message back.";
    WorkerAttachMetadata: Permission::Worker, "Add to what is known of a message.";
    WorkerStartSnapshot: Permission::Worker, "Begin the upload of a snapshot.";
    WorkerFinishSnapshot: Permission::Worker, "End the upload of a snapshot well.";
    WorkerFailSnapshot: Permission::Worker, "Give up the upload of a snapshot.";
    WorkerLatestSnapshot: Permission::Worker, "Get the snapshot to start from.";
    WorkerFetchedSnapshot: Permission::Worker, "Say that it has been fetched whole.";
    WorkerListSnapshots: Permission::Worker, "The snapshots of the worker's conversation.";
    WorkerExpectMedia: Permission::Worker, "Get a link to upload a file of a message.";
    WorkerFileUrl: Permission::Worker, "Get a link to download a file of a message.";
    WorkerSkillsManifest: Permission::Worker, "Get the skills.";
    UploadFile: Permission::FileLink(Action::Upload), "Bring the bytes of a file.";
    DownloadFile: Permission::FileLink(Action::Download), "Fetch the bytes of a file.";
    StartWorkers: Permission::Operator, "Do what is due now, and count what happened.";
    CheckIdleShutdowns: Permission::Operator, "The same, and count what went.";
    RecoverQueue: Permission::Operator, "Take back messages whose holders were not heard of, and do what is due.";
    RunCleanup: Permission::Operator, "Report, or remove, machines and volumes that should not be.";
    DeleteVolume: Permission::Operator, "Delete one volume.";
    Tick: Permission::Tick, "Do what is due.";
}
