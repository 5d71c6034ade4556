mod decisions;
mod grammar;
mod vectors;

use super::*;

pub(super) fn file(path: &str, content: &str) -> NewFile {
    NewFile { path: path.to_owned(), content: content.to_owned(), sha256: None }
}

/// The least that is a skill, and more files.
pub(super) fn with(more: &[(&str, &str)]) -> Vec<NewFile> {
    let least = [("SKILL.md", "# Greets"), ("scripts/index.mjs", "export default 1")];
    least.iter().chain(more).map(|(path, content)| file(path, content)).collect()
}

pub(super) fn deploy_of(version: &str, files: Vec<NewFile>) -> Deploy {
    Deploy {
        slug: "greeter".to_owned(),
        version: version.to_owned(),
        module_format: ModuleFormat::Esm,
        entry_point: None,
        files,
        channel: Channel::Stable,
        display_name: None,
        description: None,
        signature: None,
    }
}

pub(super) fn refused(deploy: Deploy) -> (&'static str, Option<&'static str>) {
    let refusal = Release::check(deploy).unwrap_err();
    (refusal.code, refusal.field)
}
