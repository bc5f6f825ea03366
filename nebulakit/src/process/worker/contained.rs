//! A worker in a container: it finds the socket to the process that asked for it by a name that a variable holds.

use std::os::unix::net::UnixStream;

use crate::services::env::{self, Environment};

/// What the variable of a worker holds whose socket is at `path`.
pub(crate) fn marker(depth: u32, path: &str) -> String {
    format!("{depth}@{path}")
}

/// How many workers are above it, and where its socket is.
pub(super) fn parsed(text: &str) -> Option<(u32, &str)> {
    let (depth, path) = text.split_once('@')?;
    Some((depth.parse().ok()?, path))
}

/// The socket of this process, where it is such a worker. Its name is gone once it is taken, so that programs which a task starts are none.
pub(super) fn socket(environment: &Environment) -> Option<UnixStream> {
    let (_, path) = parsed(environment.get(env::WORKER)?)?;
    UnixStream::connect(path).ok()
}
