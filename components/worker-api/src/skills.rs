//! What a worker is given when it starts, besides its messages.

use clawstead_domain::skill::Channel;
use clawstead_domain::skill::manifest::{Handed, LAYOUT};
use clawstead_service::skills::manifest as handed_out;
use clawstead_service::spin::App;
use clawstead_service::{Call, Problem, Reply};
use serde_json::{Value, json};

pub(crate) async fn manifest(app: &App, call: &Call) -> Result<Reply, Problem> {
    let query = call.query(&["channel"])?;
    let channel = query.text("channel").map(|word| Channel::parse(&word)).transpose()?.unwrap_or_default();
    let manifest = handed_out(app, call, channel).await?;
    Ok(Reply::ok(&json!({
        "layout_version": LAYOUT, "manifest_version": manifest.manifest_version, "generated_at": call.now, "channel": channel,
        "skills": manifest.skills.iter().map(handed).collect::<Vec<_>>(),
    })))
}

fn handed(skill: &Handed) -> Value {
    json!({
        "slug": skill.slug, "version": skill.version, "module_format": skill.module_format, "entry_point": skill.entry_point,
        "sha256": skill.sha256, "dir_name": skill.slug, "files": skill.files,
    })
}
