//! A worker in a container: it finds the socket to the process that asked for it by a name that a variable holds.
//!
//! The first process of a container is not like others: the kernel keeps signals from it, so that it cannot abort. It starts the worker as a second one, waits for all that ends,
//! and ends as the worker did.

use std::ffi::OsStr;
use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use rustix::process::{Pid, WaitOptions, wait};

use crate::process::program;
use crate::services::env::{self, Environment};

/// What is added to the number of a signal that ended the worker.
const BY_SIGNAL: i32 = 128;

/// The argument of a program that a container is started with to be a worker. The variable is also that of the programs which a task starts; this argument is not.
pub(crate) const ARGUMENT: &str = "nebulakit-worker";

/// What this process is to do.
#[derive(Debug)]
pub(super) enum Part {
    /// Start the worker, and end with this code when it has ended.
    First,
    /// Be the worker, over this socket.
    Worker(UnixStream),
    /// Nothing: nobody is there any more who wants a worker.
    Unwanted(io::Error),
}

/// What makes a process in a container a worker: how many are above it, and where its socket is.
pub(crate) fn marker(depth: u32, path: &str) -> String {
    format!("{depth}@{path}")
}

/// The same, read.
pub(super) fn parsed(text: &str) -> Option<(u32, &str)> {
    let (depth, path) = text.split_once('@')?;
    Some((depth.parse().ok()?, path))
}

/// The part of this process, whose first argument that is, where it has one. The socket's name is gone once it is taken, so that programs which a task starts have none.
pub(super) fn part(environment: &Environment, argument: Option<&OsStr>) -> Option<Part> {
    let (_, path) = parsed(environment.get(env::WORKER)?)?;
    if std::process::id() == 1 {
        return Some(Part::First);
    }
    match UnixStream::connect(path) {
        Ok(socket) => Some(Part::Worker(socket)),
        // It must not go on with its `main`.
        Err(error) if argument.is_some_and(|argument| argument == ARGUMENT) => {
            let said = format!("the process that asked for it is gone: cannot connect to `{path}`: {error}");
            Some(Part::Unwanted(io::Error::new(error.kind(), said)))
        }
        Err(_) => None,
    }
}

/// Starts the worker, and gives the code to end with.
///
/// # Errors
/// When it cannot be started.
pub(super) fn first() -> io::Result<i32> {
    let worker = Command::new(program::path()?).args(std::env::args_os().skip(1)).spawn()?;
    let worker = Pid::from_child(&worker);
    loop {
        // What a task leaves behind is this process's child once its own parent is gone.
        match wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if ended == worker => {
                let status = std::process::ExitStatus::from_raw(status.as_raw());
                return Ok(status.code().or_else(|| Some(BY_SIGNAL + status.signal()?)).unwrap_or(1));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_in_a_container_finds_its_socket_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let environment = |text: &str| Environment::empty().with(env::WORKER, text);
        let own = environment(&marker(2, path.to_str().unwrap()));
        assert_eq!(parsed(own.get(env::WORKER).unwrap()), Some((2, path.to_str().unwrap())));
        assert!(part(&own, None).is_none());
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(matches!(part(&own, None), Some(Part::Worker(_))));
        drop(listener);
        std::fs::remove_file(&path).unwrap();
        assert!(part(&own, None).is_none());
        for other in ["", "1:2", "x@/socket", "keeper:1"] {
            assert!(part(&environment(other), Some(ARGUMENT.as_ref())).is_none(), "{other}");
        }
    }
}
