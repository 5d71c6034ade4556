//! The skills that workers are handed, over either protocol.

use clawstead_domain::skill::Channel;
use clawstead_operations::skills::{self, Manifest};
use serde_json::json;

use crate::spin::App;
use crate::{Call, Problem};

/// All skills of a channel. What has to be left out is told to the log: the worker starts without it.
///
/// # Errors
/// When the database does not answer.
pub async fn manifest(app: &App, call: &Call, channel: Channel) -> Result<Manifest, Problem> {
    let manifest = skills::manifest(&app.cx(call), &app.settings.skill_keys, channel).await?;
    for skill in &manifest.left_out {
        let line = json!({ "at": call.now, "level": "warn", "message": "a skill is not handed to workers",
            "correlation": call.correlation, "skill": skill.slug, "version": skill.version, "channel": channel,
            "cause": skill.reason });
        println!("{line}");
    }
    Ok(manifest)
}
