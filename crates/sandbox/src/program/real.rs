//! Which of the two outside services are real, from the environment.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// What replaces the stand-ins.
pub(crate) struct Real {
    /// The token of a real bot.
    pub(crate) bot_token: Option<String>,
    pub(crate) fly: Option<RealFly>,
}

/// A real Fly account.
pub(crate) struct RealFly {
    pub(crate) token: String,
    /// The policy `provider`.
    pub(crate) provider: Value,
}

impl Real {
    /// Reads and checks the variables that `cargo xtask up --help` names.
    pub(crate) fn from_env(public_url: Option<&str>) -> Result<Self> {
        Self::from(|name| std::env::var(name).ok().filter(|value| !value.is_empty()), public_url)
    }

    fn from(variable: impl Fn(&str) -> Option<String>, public_url: Option<&str>) -> Result<Self> {
        let bot_token = variable("TELEGRAM_BOT_TOKEN");
        let fly = match variable("FLY_API_TOKEN") {
            Some(token) => Some(real_fly(token, &variable)?),
            None => None,
        };
        ensure!(
            fly.is_none() || bot_token.is_some(),
            "FLY_API_TOKEN needs TELEGRAM_BOT_TOKEN: a real machine cannot reach the stand-in for Telegram"
        );
        let reachable = public_url.is_some_and(|url| url.starts_with("https://"));
        ensure!(bot_token.is_none() || reachable, "TELEGRAM_BOT_TOKEN needs --public-url: Telegram calls webhooks by https only");
        Ok(Self { bot_token, fly })
    }
}

fn real_fly(token: String, variable: &impl Fn(&str) -> Option<String>) -> Result<RealFly> {
    let required = |name: &str| variable(name).with_context(|| format!("FLY_API_TOKEN needs {name}"));
    let provider = json!({
        "kind": "fly",
        "app_name": required("FLY_APP")?,
        "image": required("FLY_IMAGE")?,
        "regions": [variable("FLY_REGION").unwrap_or_else(|| "fra".to_owned())],
    });
    Ok(RealFly { token, provider })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 4] =
        [("TELEGRAM_BOT_TOKEN", "1:a"), ("FLY_API_TOKEN", "t"), ("FLY_APP", "app"), ("FLY_IMAGE", "image")];

    fn real(set: &[(&str, &str)], public_url: Option<&str>) -> Result<Real> {
        let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Real::from(variable, public_url)
    }

    #[test]
    fn without_tokens_everything_is_a_stand_in() {
        let real = real(&[], None).expect("nothing to refuse");
        assert!(real.bot_token.is_none() && real.fly.is_none());
    }

    #[test]
    fn real_services_are_taken_whole() {
        let fly = real(&ALL, Some("https://claw.example")).expect("everything is set").fly.expect("it is real");
        assert_eq!(fly.provider["app_name"], "app");
        assert_eq!(fly.provider["regions"], json!(["fra"]));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (set, public_url, named) in [
            (&ALL[..1], None, "--public-url"),
            (&ALL[..1], Some("http://claw.example"), "https"),
            (&ALL[1..], Some("https://claw.example"), "TELEGRAM_BOT_TOKEN"),
            (&ALL[..2], Some("https://claw.example"), "FLY_APP"),
            (&ALL[..3], Some("https://claw.example"), "FLY_IMAGE"),
        ] {
            let refusal = real(set, public_url).err().expect("something is missing").to_string();
            assert!(refusal.contains(named), "{refusal}");
        }
    }
}
