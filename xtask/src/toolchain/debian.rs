//! Debian's compiler, with the standard library for wasm32-wasip2 built from Debian's sources.
//!
//! Debian ships no linker for components, so those of the Rust toolchain that runs us are put on the PATH.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::print_from;
use crate::{step, workspace::Workspace};

const PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "wasi-libc"];
const RUSTC: &str = "/usr/bin/rustc";
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi";
/// The first minor release of Rust 1 that the workspace compiles with.
const RUST_MINOR_MIN: u32 = 95;

/// Debian's packages, installed and new enough.
pub(crate) struct Debian {
    /// Folder of `wasm-component-ld` and `rust-lld`.
    linkers: PathBuf,
}

impl Debian {
    /// The packages as they are on this machine; none when one is missing, too old, or there is no linker.
    pub(super) fn find() -> Option<Self> {
        Self::inspect().ok()
    }

    /// Installs the packages, as root or through a `sudo` that asks for no password.
    pub(super) fn install(workspace: &Workspace) -> Result<Self> {
        step::run("refresh the package lists", &mut apt_get(workspace, &["update"]))?;
        let install = ["install", "--yes", "--no-install-recommends"];
        step::run("install Debian's packages", apt_get(workspace, &install).args(PACKAGES))?;
        Self::inspect()
    }

    fn inspect() -> Result<Self> {
        let version = print_from(RUSTC, &["--version"]).with_context(|| format!("no {RUSTC}"))?;
        ensure!(minor(&version).is_some_and(|minor| minor >= RUST_MINOR_MIN), "{version} is older than 1.{RUST_MINOR_MIN}");
        let sysroot = print_from(RUSTC, &["--print", "sysroot"]).context("Debian's compiler has no sysroot")?;
        let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.toml");
        ensure!(sources.is_file(), "no sources of the standard library at {}", sources.display());
        ensure!(Path::new(WASI_LIBC).join("libc.a").is_file(), "no C library in {WASI_LIBC}");
        Ok(Self { linkers: linkers()? })
    }

    /// Sets what a `cargo build --target wasm32-wasip2` needs to use these packages.
    pub(super) fn apply(&self, build: &mut Command) -> Result<()> {
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([self.linkers.clone()].into_iter().chain(env::split_paths(&path)))?;
        build
            .arg("-Zbuild-std=std,panic_abort")
            .env("PATH", path)
            .env("RUSTC", RUSTC)
            // Cargo of the stable channel takes -Z only with this.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", format!("-L native={WASI_LIBC}"));
        Ok(())
    }
}

/// The Rust toolchain's own linkers, which Debian does not ship.
fn linkers() -> Result<PathBuf> {
    let sysroot = print_from("rustc", &["--print", "sysroot"]).context("no Rust toolchain besides Debian's")?;
    let host = print_from("rustc", &["--print", "host-tuple"]).context("the Rust toolchain does not name its host")?;
    let folder = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin");
    for linker in ["wasm-component-ld", "rust-lld"] {
        ensure!(folder.join(linker).is_file(), "no {linker} in {}", folder.display());
    }
    Ok(folder)
}

fn apt_get(workspace: &Workspace, arguments: &[&str]) -> Command {
    let root = print_from("id", &["-u"]).is_some_and(|id| id == "0");
    let mut command = if root { workspace.command("apt-get") } else { workspace.command("sudo") };
    if !root {
        command.args(["--non-interactive", "apt-get"]);
    }
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The minor release in `rustc 1.96.0 (…)`.
fn minor(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(1)?;
    let mut parts = number.split('.');
    (parts.next()? == "1").then(|| parts.next()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn the_minor_release_is_read_from_what_rustc_prints() {
        assert_eq!(minor("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"), Some(96));
        assert_eq!(minor("rustc 2.0.0"), None);
        assert_eq!(minor("no compiler"), None);
    }
}
