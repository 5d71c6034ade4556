use thiserror::Error;

/// Why there is no complete answer to a request.
///
/// It carries no text from the host on purpose: such texts may quote the URL, and with it a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The total time was up before the answer was complete.
    #[error("no complete answer within the time limit")]
    Timeout,
    /// The host refused to send: not on the component's list of allowed hosts, or not a valid request.
    #[error("the host refused to send the request")]
    Denied,
    /// No connection could be made; nothing was sent.
    #[error("no connection could be made")]
    Connect,
    /// The request went out, at least in part, and the answer was lost.
    #[error("the connection broke after the request was sent")]
    Interrupted,
    /// The answer was longer than the limit and was dropped.
    #[error("the answer was longer than the limit")]
    BodyTooLarge,
}

impl TransportError {
    /// Whether the other side may have acted on the request. If so, the outcome is to be settled by looking, never by
    /// sending again (design.md section 1, decision 4).
    #[must_use]
    pub fn effect_possible(&self) -> bool {
        match self {
            Self::Denied | Self::Connect => false,
            Self::Timeout | Self::Interrupted | Self::BodyTooLarge => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TransportError::{BodyTooLarge, Connect, Denied, Interrupted, Timeout};

    #[test]
    fn only_what_never_left_has_surely_no_effect() {
        let without_effect = [Denied, Connect];
        let perhaps_with_effect = [Timeout, Interrupted, BodyTooLarge];
        assert!(without_effect.iter().all(|error| !error.effect_possible()));
        assert!(perhaps_with_effect.iter().all(super::TransportError::effect_possible));
    }
}
