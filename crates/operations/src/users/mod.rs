//! Users of consumer apps, and what stands between each of them and an agent.

mod onboarding;
mod readiness;
mod stats;
mod view;

pub use onboarding::{NextAction, Onboarding, onboarding};
pub use readiness::{AgentReadiness, ProviderReadiness, agent_readiness, provider_readiness, required_secrets};
pub use stats::{ConversationStats, conversation_stats};
pub use view::{Overview, UserAgent, UserAgentStatus, agent_of, overview};
