//! Skills to deploy, and what a worker does with them.

use std::collections::BTreeSet;

use clawstead_domain::skill::manifest::Handed;
use clawstead_domain::skill::{Channel, Deploy, ModuleFormat, NewFile};
use clawstead_operations::OperationError;
use clawstead_operations::skills::{self, Manifest, Outcome};
use clawstead_vault::{TrustedKeys, sha256_hex};
use futures::executor::block_on;

use crate::world::World;

pub(crate) fn file(path: &str, content: &str) -> NewFile {
    NewFile { path: path.to_owned(), content: content.to_owned(), sha256: None }
}

/// A skill that says something.
pub(crate) fn saying(slug: &str, version: &str, text: &str) -> Deploy {
    Deploy {
        slug: slug.to_owned(),
        version: version.to_owned(),
        module_format: ModuleFormat::Esm,
        entry_point: None,
        files: vec![file("scripts/index.mjs", &format!("export default () => {text:?};")), file("SKILL.md", "# Says")],
        channel: Channel::Stable,
        display_name: None,
        description: None,
        signature: None,
    }
}

impl World {
    pub(crate) fn deploy(&self, command: Deploy) -> Result<Outcome, OperationError> {
        block_on(skills::deploy(&self.cx(), &TrustedKeys::default(), command))
    }

    /// What a worker is handed, after it has checked it.
    pub(crate) fn manifest(&self, channel: Channel) -> Manifest {
        let manifest = block_on(skills::manifest(&self.cx(), &TrustedKeys::default(), channel)).unwrap();
        manifest.skills.iter().for_each(check_as_a_worker);
        manifest
    }

    /// The skills of a channel, as `slug@version`.
    pub(crate) fn handed(&self, channel: Channel) -> Vec<String> {
        let skills = self.manifest(channel).skills;
        skills.iter().map(|skill| format!("{}@{}", skill.slug, skill.version)).collect()
    }
}

/// What published workers look at before they write a skill to disk (worker-wire.md section 2, step 2).
pub(crate) fn check_as_a_worker(skill: &Handed) {
    let paths: BTreeSet<&str> = skill.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths.len(), skill.files.len(), "a path twice");
    let entry = if skill.module_format == ModuleFormat::Esm { "scripts/index.mjs" } else { "scripts/index.cjs" };
    for needed in ["SKILL.md", entry, ".af-global-skill.json"] {
        assert!(paths.contains(needed), "{needed} is missing");
    }
    let mut parts = Vec::new();
    for file in &skill.files {
        assert!(!file.path.contains("../"));
        assert_eq!(sha256_hex(&file.content), file.sha256, "{}", file.path);
        if file.path != ".af-global-skill.json" {
            parts.push(format!("{}\n{}\n{}", file.path, file.sha256, file.content));
        }
    }
    assert_eq!(sha256_hex(parts.join("\n---\n")), skill.sha256, "the bundle");
}
