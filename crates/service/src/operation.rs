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
    /// The operator, and API keys with this scope, if whom the operation is about is within their reach.
    Service(Scope, About),
    /// The worker whose token is in the path.
    Worker,
    /// The bot that is in the path, by its webhook secret.
    Bot,
    /// Whoever has the tick key, and the operator.
    Tick,
    /// Whoever has a signed link for it.
    FileLink(Action),
}

/// Whom an operation is about: which keys with a limited reach may ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Everybody: no such key.
    Everybody,
    /// The agent that the request names: a key that acts for this agent, and for all its users.
    Agent,
    /// The user and agent that the request names, by themselves or by what is theirs.
    User,
    /// What belongs to companies: a key that names some, and of these companies only.
    Company,
    /// Those users and agents of many that the key acts for: a key that names agents or users. Which users a company has is not known
    /// here, so one that names companies alone has none.
    Audience,
    /// Several, or nobody in particular: whatever the request names must be within the reach, and of what is found only that
    /// is shown.
    Several,
}

impl Operation {
    /// Whom it is about. What is not for API keys is about everybody.
    pub fn about(self) -> About {
        match self.permission() {
            Permission::Service(_, about) => about,
            _ => About::Everybody,
        }
    }
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
    ListEvents: Permission::Service(Scope::Events, About::Several), "A page of the log; for consumer apps, of what they may follow.";
    RebuildViews: Permission::Operator, "Make all views anew from the log.";
    ConfigureAgent: Permission::Operator, "Make or change an agent profile.";
    GetAgent: Permission::Operator, "One agent profile.";
    ListAgents: Permission::Operator, "All agent profiles.";
    EnableAgent: Permission::Service(Scope::Agents, About::Agent), "Hand out the messages of an agent.";
    DisableAgent: Permission::Service(Scope::Agents, About::Agent), "Let the messages of an agent wait.";
    GetRequiredSecrets: Permission::Service(Scope::Agents, About::Agent), "Which secrets an agent needs.";
    GetReadiness: Permission::Service(Scope::Pairing, About::Several), "Whether an agent has what it needs.";
    GetProviderReadiness: Permission::Service(Scope::Pairing, About::Several), "Whether machines can be made.";
    LinkBot: Permission::Service(Scope::Agents, About::Agent), "Give an agent its bot, and have its updates delivered.";
    ImportBotToken: Permission::Service(Scope::Agents, About::Agent), "Give an agent its bot.";
    UnlinkBot: Permission::Service(Scope::Agents, About::Agent), "Take its bot from an agent.";
    ReconcileBot: Permission::Service(Scope::Agents, About::Agent), "Ask Telegram who the bot of an agent is.";
    ConfigureWebhook: Permission::Service(Scope::Agents, About::Agent), "Have the updates of an agent's bot delivered.";
    GetWebhook: Permission::Service(Scope::Agents, About::Agent), "Whether the updates of an agent's bot arrive.";
    CreateSubscription: Permission::Operator, "Have a consumer app told what happens.";
    ListSubscriptions: Permission::Operator, "Who is told what happens.";
    GetSubscription: Permission::Operator, "How far somebody was told.";
    EndSubscription: Permission::Operator, "Tell somebody nothing more.";
    ListDeadDeliveries: Permission::Operator, "What somebody could not be told.";
    ReplayDelivery: Permission::Operator, "Try anew to tell it.";
    ImportSecret: Permission::Operator, "Seal a new version of a secret.";
    GetSecret: Permission::Service(Scope::Agents, About::Everybody), "Whether a secret has a version in force.";
    ListSecrets: Permission::Operator, "All secrets, without their values.";
    DestroySecret: Permission::Operator, "Destroy all versions of a secret.";
    ResealSecrets: Permission::Operator, "Seal everything again with the active master key.";
    DeploySkill: Permission::Service(Scope::Skills, About::Everybody), "Have a version of a skill, and a channel point at it.";
    ListSkills: Permission::Service(Scope::Skills, About::Everybody), "All skills, without their content.";
    GetSkill: Permission::Service(Scope::Skills, About::Everybody), "One skill, without its content.";
    ListSkillVersions: Permission::Service(Scope::Skills, About::Everybody), "The versions of a skill, without their content.";
    GetSkillVersion: Permission::Service(Scope::Skills, About::Everybody), "One version of a skill, with its files.";
    ActivateSkill: Permission::Service(Scope::Skills, About::Everybody), "Have a channel point at a version that is there.";
    EnableSkill: Permission::Service(Scope::Skills, About::Everybody), "Hand a skill to workers.";
    DisableSkill: Permission::Service(Scope::Skills, About::Everybody), "Hand a skill to no worker.";
    DeleteSkill: Permission::Service(Scope::Skills, About::Everybody), "Delete a skill with all versions.";
    ListBots: Permission::Operator, "All bots.";
    CreateApiKey: Permission::Operator, "Make an API key.";
    ListApiKeys: Permission::Operator, "All API keys, without their values.";
    RevokeApiKey: Permission::Operator, "Refuse an API key from now on.";
    GetConfig: Permission::Operator, "One policy.";
    SetConfig: Permission::Operator, "Change a policy.";
    RegisterWorker: Permission::Operator, "Admit a worker of one's own.";
    ListWorkers: Permission::Operator, "All workers.";
    WorkerStats: Permission::Service(Scope::Stats, About::Everybody), "Figures of the workers.";
    CreatePairing: Permission::Service(Scope::Pairing, About::User), "Make a pairing code.";
    GetPairing: Permission::Service(Scope::Pairing, About::User), "The state of a pairing.";
    ListPairings: Permission::Service(Scope::Pairing, About::Several), "The pairings of a user.";
    FindPairing: Permission::Service(Scope::Pairing, About::Several), "The state of the pairing of a code.";
    RevokePairing: Permission::Service(Scope::Pairing, About::User), "Take a code back.";
    ConsumePairing: Permission::Operator, "Use a code in the name of an account.";
    MakeBinding: Permission::Service(Scope::Pairing, About::User), "Bind a user to an agent without a code.";
    GetBinding: Permission::Service(Scope::Pairing, About::User), "One binding.";
    RevokeBinding: Permission::Service(Scope::Pairing, About::User), "End a binding.";
    RevokeUserBindings: Permission::Service(Scope::Pairing, About::User), "End all bindings of a user.";
    ResolveAccount: Permission::Service(Scope::Pairing, About::Several), "Whose an account is.";
    MigrateBindings: Permission::Operator, "End the bindings of bots that nobody knows.";
    ListUserAgents: Permission::Service(Scope::Pairing, About::Several), "The agents of a user.";
    GetUserAgent: Permission::Service(Scope::Pairing, About::User), "How a user and an agent stand.";
    GetOnboarding: Permission::Service(Scope::Pairing, About::User), "What a user and an agent still need.";
    ListBindings: Permission::Service(Scope::Pairing, About::Several), "The bindings of a user.";
    ReceiveUpdate: Permission::Bot, "Take an update from Telegram.";
    EnqueueMessage: Permission::Service(Scope::Messages, About::User), "Accept a message.";
    SendMessage: Permission::Service(Scope::Messages, About::User), "Say something to an agent in the name of a user.";
    CreateTemplate: Permission::Service(Scope::Templates, About::Company), "Make a message template.";
    ListTemplates: Permission::Service(Scope::Templates, About::Company), "The message templates of a company.";
    GetTemplate: Permission::Service(Scope::Templates, About::Company), "One message template.";
    ChangeTemplate: Permission::Service(Scope::Templates, About::Company), "Change a message template.";
    DeleteTemplate: Permission::Service(Scope::Templates, About::Company), "Delete a message template.";
    CreatePushTemplate: Permission::Service(Scope::Templates, About::Company), "Make a push template.";
    ListPushTemplates: Permission::Service(Scope::Templates, About::Company), "The push templates of a company.";
    GetPushTemplate: Permission::Service(Scope::Templates, About::Company), "One push template.";
    ChangePushTemplate: Permission::Service(Scope::Templates, About::Company), "Change a push template.";
    DeletePushTemplate: Permission::Service(Scope::Templates, About::Company), "Delete a push template.";
    CreatePushJob: Permission::Service(Scope::Messages, About::User), "Make a push job.";
    ListPushJobs: Permission::Service(Scope::Messages, About::User), "The push jobs of a user.";
    GetPushJob: Permission::Service(Scope::Messages, About::User), "One push job.";
    ChangePushJob: Permission::Service(Scope::Messages, About::User), "Change a push job.";
    DeletePushJob: Permission::Service(Scope::Messages, About::User), "Delete a push job.";
    TriggerPushJob: Permission::Service(Scope::Messages, About::User), "Run a push job now.";
    ListPushDispatches: Permission::Service(Scope::Messages, About::User), "What the runs of push jobs came to.";
    DispatchPushJobs: Permission::Service(Scope::Messages, About::Everybody), "Run the push jobs that are due.";
    SendBroadcast: Permission::Service(Scope::Messages, About::Audience), "Say something to all agents in the names of their users.";
    GetBroadcast: Permission::Service(Scope::Messages, About::Everybody), "How far a broadcast has gone.";
    ListBroadcasts: Permission::Service(Scope::Messages, About::Everybody), "All broadcasts.";
    CreateFile: Permission::Service(Scope::Messages, About::Several), "Get a link to upload a file for a message to come.";
    GetMessage: Permission::Service(Scope::Messages, About::User), "The state of a message.";
    ListMessages: Permission::Service(Scope::Messages, About::User), "The messages of a conversation.";
    CancelMessage: Permission::Service(Scope::Messages, About::User), "Withdraw a message.";
    RescheduleMessage: Permission::Service(Scope::Messages, About::User), "Move the time of a message.";
    ListDeadLetters: Permission::Operator, "Messages that were given up.";
    ReplayDeadLetter: Permission::Operator, "Accept a dead letter anew.";
    DiscardDeadLetter: Permission::Operator, "Put a dead letter away.";
    ReplayDeadLetters: Permission::Operator, "Accept many dead letters anew.";
    DiscardDeadLetters: Permission::Operator, "Put many dead letters away.";
    GetConversation: Permission::Service(Scope::Messages, About::User), "The state of a conversation.";
    ListTurns: Permission::Service(Scope::Messages, About::User), "What was said in a conversation.";
    ListSnapshots: Permission::Service(Scope::Messages, About::User), "The snapshots of a conversation.";
    GetUserAgentStats: Permission::Service(Scope::Messages, About::User), "Figures of a user and an agent.";
    QueueStats: Permission::Service(Scope::Stats, About::Everybody), "Figures of the queue.";
    TelegramStats: Permission::Service(Scope::Stats, About::Everybody), "What updates came to, and how the outbox stands.";
    CallFunction: Permission::Public, "A function call; the function called has a permission of its own.";
    CallWorkerFunction: Permission::Worker, "A function call of a worker.";
    WorkerControl: Permission::Worker, "Whether the worker should stop.";
    WorkerClaim: Permission::Worker, "Get a message.";
    WorkerAwaitClaim: Permission::Worker, "Get a message, waiting for one.";
    WorkerHasQueued: Permission::Worker, "Whether there is more to get.";
    WorkerHydrate: Permission::Worker, "Get what is needed for a message.";
    WorkerHeartbeat: Permission::Worker, "Renew a lease.";
    WorkerAppendTurns: Permission::Worker, "Add what was said.";
    WorkerReply: Permission::Worker, "Have something said to Telegram.";
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
    ListUnowned: Permission::Operator, "Machines and volumes that belong to no worker.";
    Tick: Permission::Tick, "Do what is due.";
}
