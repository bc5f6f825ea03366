//! A worker that can be given work: the process, and what it says and prints on the runtime that polls it.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::runtime::{Handle, Id};

use crate::coordinator::strategy::workers::groups::Bytes;
use crate::coordinator::strategy::workers::limits::Kept;
use crate::coordinator::strategy::workers::output::Output;
use crate::coordinator::strategy::workers::pipes::Pipes;
use crate::coordinator::strategy::workers::process::{Process, Started};
use crate::coordinator::strategy::workers::talk::Talk;
use crate::process::program;
use crate::process::worker::HINT;
use crate::process::worker::message::{Hello, Order, PROTOCOL, Report, VERSION};
use crate::task::panic::told;

/// How long a program may take to say that it is a worker.
const GREETING: Duration = Duration::from_secs(30);

/// A worker that can be given work.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) process: Arc<Process>,
    pub(super) talk: Talk,
    pub(super) pipes: Pipes,
    /// The runtime that these are on.
    runtime: Id,
    pub(super) jobs: u64,
    /// For which jobs it is.
    pub(super) fits: Fits,
    /// How much memory its cgroup may have, where it has one; and how much was in it before the first job.
    pub(super) memory: Bytes,
    pub(super) at_first: Option<u64>,
    /// Whether its last answer came at once.
    pub(super) is_quick: bool,
}

/// What a worker is started with that cannot change any more: it serves jobs that need the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fits {
    /// The GPUs that it sees, as `CUDA_VISIBLE_DEVICES` has them; [`None`] for those that it would see without a word of them.
    pub(super) gpus: Option<String>,
    /// The limit that it has set to its own memory.
    pub(super) own_memory: Option<u64>,
}

impl Worker {
    pub(super) fn new(Started { process, socket, stdout, stderr }: Started, fits: Fits, memory: Bytes) -> Result<Self, String> {
        let runtime = Handle::current().id();
        let (talk, pipes) = on_this_runtime(socket, [stdout, stderr])?;
        Ok(Self { process, talk, pipes, runtime, jobs: 0, fits, memory, at_first: None, is_quick: false })
    }

    /// The same on this runtime; [`None`] where what it says cannot be heard here any more.
    pub(super) fn here(self) -> Result<Option<Self>, String> {
        let here = Handle::current().id();
        if self.runtime == here {
            return Ok(Some(self));
        }
        let (Ok(socket), Ok(pipes)) = (self.talk.into_socket(), self.pipes.into_fds()) else {
            self.process.kill();
            return Ok(None);
        };
        let (talk, pipes) = on_this_runtime(socket, pipes)?;
        Ok(Some(Self { talk, pipes, runtime: here, ..self }))
    }

    /// Waits until it says that it is a worker. What it prints before is taken: a program whose pipes are full does not get so far.
    ///
    /// # Errors
    /// When it is not one, or not the right one: what is wrong, for people.
    pub(super) async fn greet(&mut self, kept: &Kept, is_own: bool, output: &mut Output<'_>) -> Result<(), String> {
        let build = if is_own { program::build().unwrap_or_default() } else { String::new() };
        let hello =
            Hello { protocol: PROTOCOL, version: VERSION.to_owned(), build: build.clone(), memory: kept.own_memory(), asks_id: false };
        let Self { talk, pipes, .. } = self;
        let mut asked = pin!(tokio::time::timeout(GREETING, talk.ask(Order::Hello(hello))));
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut asked => break answer,
                () = output.take(pipes) => {}
            }
        };
        if !matches!(answer, Ok(Ok(Report::Ready(_)))) {
            output.drain(pipes);
        }
        let ready = match answer {
            Ok(Ok(Report::Ready(ready))) => ready,
            Err(_) => return Err(format!("the program did not say within {GREETING:?} that it is a worker: {HINT}")),
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(format!("the program ended, and did not say that it is a worker: {HINT}"));
            }
            Ok(Err(error)) => return Err(format!("the program is not a worker: {error}")),
            Ok(Ok(_)) => return Err("the worker works before it was asked to".to_owned()),
        };
        if ready.protocol != PROTOCOL || ready.version != VERSION {
            return Err(format!(
                "the worker's program was built with version {} (protocol {}) of nebulakit, and this one with {VERSION} (protocol {PROTOCOL})",
                ready.version, ready.protocol
            ));
        }
        if ready.build != build && is_own {
            return Err("the program's file was replaced while it ran: its workers would be another program; start it again".to_owned());
        }
        if !ready.without_memory_limit.is_empty() {
            let said = format!("the limit on memory is not in force in the worker: {}", ready.without_memory_limit);
            if kept.are_required() {
                return Err(said);
            }
            tracing::warn!("{said}");
        }
        Ok(())
    }
}

/// Has the runtime that polls this watch what a worker says and prints.
fn on_this_runtime(socket: std::os::unix::net::UnixStream, pipes: [OwnedFd; 2]) -> Result<(Talk, Pipes), String> {
    // It tells of a runtime without I/O by a panic alone.
    match told(|| Ok::<_, io::Error>((Talk::new(UnixStream::from_std(socket)?), Pipes::new(pipes)?))) {
        Ok(watched) => watched.map_err(|error| format!("the runtime cannot watch a worker: {error}")),
        Err(_) => Err("processes need a runtime with I/O and timers\nhint: call `enable_all()` on the runtime's builder".to_owned()),
    }
}
