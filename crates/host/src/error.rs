//! Why a host does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why [`HostOptions::start`](crate::HostOptions::start) refused.
///
/// All of these are mistakes of the operator, in the manifest, its variables or its files; the text
/// names the key or file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// A file that was named cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The manifest is not one that Spin would accept, or asks for something this host lacks.
    #[error("manifest {path}: {message}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong, naming the key.
        message: String,
    },
    /// A required variable has no value, or a value that was given has no variable.
    #[error("variable `{name}`: {message}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong, and where a value could come from.
        message: String,
    },
    /// A component's file is missing, is no component, or imports what this host lacks.
    #[error("component `{component}` ({path}): {message}")]
    Component {
        /// The component's id in the manifest.
        component: String,
        /// Its `source`.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The folder for databases or compiled code cannot be made.
    #[error("cannot use folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The address to listen on is taken or not ours.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The WebAssembly engine could not be set up.
    #[error("WebAssembly engine: {0}")]
    Engine(String),
}
