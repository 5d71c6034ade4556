use std::time::Duration;

/// What one request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From sending until the last byte of the answer, unless the request carries its own [`TotalTimeout`].
    pub total_timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub response_bytes_max: usize,
}

impl Default for Limits {
    /// 10 s and 8 MiB. Hosted Spin ends a request of ours after 30 s (outside-contracts.md), so one call must leave
    /// room for what comes after it; the largest answers we read are machine listings, well under a mebibyte.
    fn default() -> Self {
        Self { total_timeout: Duration::from_secs(10), response_bytes_max: 8 << 20 }
    }
}

/// A request's own total timeout, carried in its extensions. For calls that wait on purpose, such as Fly's `wait`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotalTimeout(pub Duration);

impl Limits {
    /// The time that `request` may take.
    #[must_use]
    pub fn timeout_of<B>(&self, request: &http::Request<B>) -> Duration {
        request.extensions().get::<TotalTimeout>().map_or(self.total_timeout, |own| own.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_carry_its_own_timeout() {
        let limits = Limits::default();
        let mut request = http::Request::new(());
        assert_eq!(limits.timeout_of(&request), Duration::from_secs(10));

        request.extensions_mut().insert(TotalTimeout(Duration::from_secs(25)));
        assert_eq!(limits.timeout_of(&request), Duration::from_secs(25));
    }
}
