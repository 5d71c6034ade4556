//! What Cargo knows about this workspace: where it is and which of its packages are components.

use std::{ffi::OsString, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The workspace that this program belongs to.
pub(crate) struct Workspace {
    root: PathBuf,
    components: Vec<String>,
    deployed: Vec<String>,
}

impl Workspace {
    /// Asks Cargo. Works from any folder, because the manifest is named by this package's own place.
    pub(crate) fn find() -> Result<Self> {
        let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(&manifest)
            .output()
            .context("cannot start cargo")?;
        ensure!(output.status.success(), "cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        let root = metadata["workspace_root"].as_str().context("cargo metadata names no workspace root")?;
        let folder = format!("{root}/components/");
        Ok(Self { root: root.into(), components: components(&metadata, root), deployed: components(&metadata, &folder) })
    }

    /// A Cargo command in the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(cargo());
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_about_this_package) {
                command.env_remove(name);
            }
        }
        command
    }

    /// The workspace's own manifest.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    /// Any other command in the root of the workspace.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Package names of all components, also of those that only tests run.
    pub(crate) fn components(&self) -> &[String] {
        &self.components
    }

    /// Package names of the components that are deployed.
    pub(crate) fn deployed(&self) -> &[String] {
        &self.deployed
    }
}

/// `-p <name>` for each of these packages.
pub(crate) fn package_arguments(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().flat_map(|name| ["-p", name])
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// What `cargo run` tells this program about its own package. Build scripts of dependencies take a change of these for a reason
/// to run again, so a Cargo that is started from here would build them anew, and so would the next one that is not.
fn is_about_this_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"].contains(&variable)
}

/// A component is a package that is linked as `cdylib`: nothing else here is. Of these, those in a folder.
fn components(metadata: &Value, folder: &str) -> Vec<String> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut names: Vec<String> = packages
        .iter()
        .filter(|package| is_component(package))
        .filter(|package| package["manifest_path"].as_str().is_some_and(|path| path.starts_with(folder)))
        .filter_map(|package| package["name"].as_str())
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

fn is_component(package: &Value) -> bool {
    let targets = package["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    targets.iter().any(|target| target["crate_types"].as_array().is_some_and(|types| types.iter().any(|kind| kind == "cdylib")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn components_are_the_packages_linked_as_cdylib() {
        let metadata = json!({"packages": [
            {"name": "pairing", "manifest_path": "/w/components/p/Cargo.toml", "targets": [{"crate_types": ["cdylib"]}]},
            {"name": "clawstead-domain", "manifest_path": "/w/crates/d/Cargo.toml", "targets": [{"crate_types": ["lib"]}]},
            {"name": "fixture", "manifest_path": "/w/crates/f/Cargo.toml", "targets": [{"crate_types": ["rlib", "cdylib"]}]},
        ]});

        assert_eq!(components(&metadata, "/w"), ["fixture", "pairing"]);
        assert_eq!(components(&metadata, "/w/components/"), ["pairing"]);
    }
}
