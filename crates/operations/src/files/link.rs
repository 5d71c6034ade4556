//! Links: one upload or one download of one object, for whoever has the URL, until it expires.

use clawstead_vault::KeyRing;

const PURPOSE: &str = "file links";
/// Parts of a token before its signature.
const CLAIMS: usize = 4;

/// What a link allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// To bring the bytes, once.
    Upload,
    /// To fetch them.
    Download,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Upload => "put",
            Self::Download => "get",
        }
    }
}

/// What the bearer of a URL may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Upload or download.
    pub action: Action,
    /// Of which file.
    pub file_id: String,
    /// The worker that was given the link, if one was: its transfers are signs of its life.
    pub worker_id: Option<String>,
    /// Until when, ms since the epoch.
    pub expires_at: i64,
}

/// Why a link is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkError {
    /// We did not make it, or not for this.
    Forged,
    /// It was good once.
    Expired,
}

impl Link {
    /// The URL: `<public URL>/files/<token>`. No part of the token may stand in a log.
    pub fn url(&self, keys: &KeyRing, public_url: &str) -> String {
        let claims = self.claims();
        format!("{public_url}/files/{claims}.{}", keys.sign(PURPOSE, claims.as_bytes()))
    }

    /// Reads the token of a URL, for one action.
    ///
    /// # Errors
    /// [`LinkError`]; who forges learns nothing else.
    pub fn parse(keys: &KeyRing, token: &str, action: Action, now: i64) -> Result<Self, LinkError> {
        // As it came, not as it is understood: a number can be written in more than one way.
        let end = token.match_indices('.').nth(CLAIMS - 1).ok_or(LinkError::Forged)?.0;
        let (claims, signature) = (&token[..end], &token[end + 1..]);
        if !keys.is_signed(PURPOSE, claims.as_bytes(), signature) {
            return Err(LinkError::Forged);
        }
        let mut parts = claims.split('.');
        let mut part = || parts.next().ok_or(LinkError::Forged);
        let (word, file_id, worker_id, expires_at) = (part()?, part()?, part()?, part()?);
        let link = Self {
            action,
            file_id: file_id.to_owned(),
            worker_id: (worker_id != "-").then(|| worker_id.to_owned()),
            expires_at: expires_at.parse().map_err(|_| LinkError::Forged)?,
        };
        if word != action.word() {
            return Err(LinkError::Forged);
        }
        if link.expires_at <= now { Err(LinkError::Expired) } else { Ok(link) }
    }

    /// Ids are ours, and hold no dots.
    fn claims(&self) -> String {
        let worker_id = self.worker_id.as_deref().unwrap_or("-");
        format!("{}.{}.{worker_id}.{}", self.action.word(), self.file_id, self.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> KeyRing {
        KeyRing::parse("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
    }

    fn link() -> Link {
        Link { action: Action::Upload, file_id: "snapshot_1".into(), worker_id: Some("w".into()), expires_at: 100 }
    }

    fn token(link: &Link) -> String {
        link.url(&keys(), "https://example.org").strip_prefix("https://example.org/files/").unwrap().to_owned()
    }

    #[test]
    fn a_link_is_read_back_as_it_was_made() {
        for made in [link(), Link { worker_id: None, ..link() }] {
            assert_eq!(Link::parse(&keys(), &token(&made), Action::Upload, 99), Ok(made));
        }
    }

    #[test]
    fn a_link_allows_one_action_on_one_file_until_it_expires() {
        let token = token(&link());
        let read = |token: &str, action, now| Link::parse(&keys(), token, action, now);
        assert_eq!(read(&token, Action::Upload, 100), Err(LinkError::Expired));
        assert_eq!(read(&token, Action::Download, 1), Err(LinkError::Forged));
        for forged in [
            token.replace("put.", "get."),
            token.replace("snapshot_1", "snapshot_2"),
            token.replace(".w.", ".x."),
            token.replace(".100.", ".900."),
            token[..token.len() - 1].to_owned(),
            String::new(),
        ] {
            assert_eq!(read(&forged, Action::Upload, 1), Err(LinkError::Forged), "{forged}");
        }
    }

    #[test]
    fn the_same_end_written_otherwise_is_forged() {
        for end in ["0100", "+100"] {
            let changed = token(&link()).replace(".100.", &format!(".{end}."));
            assert_eq!(Link::parse(&keys(), &changed, Action::Upload, 99), Err(LinkError::Forged), "{end}");
        }
    }
}
