//! Troubles to be served instead of, or after, the right answer.

use serde::{Deserialize, Serialize};

/// One trouble and the requests that meet it.
///
/// On the control routes it is the same JSON object:
/// `{"method": "sendMessage", "status": 429, "retry_after": 1, "times": 2}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// Telegram: the bot method, or `download`. Fly: the HTTP method. Nothing means any.
    pub method: Option<String>,
    /// Fly only: the path after `/v1`, where `*` stands for one segment. Nothing means any.
    pub path: Option<String>,
    /// How many requests meet it: once when missing, until cleared when 0.
    pub times: Option<u32>,
    /// Answered before anything happens.
    pub status: Option<u16>,
    /// The error text that goes with `status`.
    pub message: Option<String>,
    /// Fly only: the refusal says that there is no room.
    pub no_capacity: bool,
    /// Seconds, told to the caller as the API in question tells them.
    pub retry_after: Option<u64>,
    /// The request takes effect, and the caller gets a 504.
    pub lost_reply: bool,
    /// The request waits this long before it is looked at.
    pub latency_ms: Option<u64>,
    /// Telegram's downloads only: the connection breaks off after so many bytes of the file.
    pub cut_at: Option<usize>,
    /// Telegram's downloads only: the file comes in pieces of 64 KiB, with such a wait before each.
    pub piece_ms: Option<u64>,
    /// Telegram's `getFile` only: the size that it says, whatever the file has.
    pub says_size: Option<u64>,
}

/// The troubles that are still to come, oldest first.
#[derive(Default)]
pub(crate) struct Faults {
    waiting: Vec<(Fault, Option<u32>)>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        let left = match fault.times {
            Some(0) => None,
            Some(times) => Some(times),
            None => Some(1),
        };
        self.waiting.push((fault, left));
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The trouble that this request meets, if any; it is used up by one.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let index = self.waiting.iter().position(|(fault, _)| fault.meets(method, path))?;
        let (fault, left) = &mut self.waiting[index];
        let fault = fault.clone();
        match left {
            None => {}
            Some(left) if *left > 1 => *left -= 1,
            Some(_) => {
                self.waiting.remove(index);
            }
        }
        Some(fault)
    }
}

impl Fault {
    fn meets(&self, method: &str, path: &str) -> bool {
        let method_fits = self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        let path_fits = self.path.as_ref().is_none_or(|pattern| path_matches(pattern, path));
        method_fits && path_fits
    }
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.trim_matches('/').split('/');
    let mut given = path.trim_matches('/').split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(segment), Some(actual)) if segment == "*" || segment == actual => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};

    #[test]
    fn a_fault_is_used_up() {
        let mut faults = Faults::default();
        faults.add(Fault {
            method: Some("POST".into()),
            path: Some("/apps/*/machines".into()),
            times: Some(2),
            ..Fault::default()
        });
        assert!(faults.take("GET", "/apps/a/machines").is_none());
        assert!(faults.take("POST", "/apps/a/machines/1/stop").is_none());
        assert!(faults.take("POST", "/apps/a/machines").is_some());
        assert!(faults.take("POST", "/apps/b/machines").is_some());
        assert!(faults.take("POST", "/apps/a/machines").is_none());
    }

    #[test]
    fn zero_times_lasts_until_cleared() {
        let mut faults = Faults::default();
        faults.add(Fault { times: Some(0), ..Fault::default() });
        assert!((0..5).all(|_| faults.take("GET", "/").is_some()));
        faults.clear();
        assert!(faults.take("GET", "/").is_none());
    }
}
