/// The name of a kind that is newer than [`NOT_READ`].
pub(super) const UNKNOWN: &str = "unknown";

/// The kinds of Bot API 10.1 that we count and do not read.
const NOT_READ: [&str; 19] = [
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
];

/// A name from our own list, never from the update: counters must not grow with what a stranger sends.
pub(super) fn static_name(key: &str) -> &'static str {
    NOT_READ.into_iter().find(|known| *known == key).unwrap_or(UNKNOWN)
}
