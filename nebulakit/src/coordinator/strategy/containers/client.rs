//! The engine's own program, as a process of this one: what it prints, and how it ends.

use std::io;
use std::path::Path;

use crate::coordinator::strategy::containers::driver::CommandLine;
use crate::coordinator::strategy::workers::limits::Kept;
use crate::coordinator::strategy::workers::pipes::Pipes;
use crate::coordinator::strategy::workers::process::{End, Process, Started, start};
use crate::task::panic::told;

/// The most that is kept of what a call prints that is over soon.
const SAID: usize = 256 * 1024;

/// The engine's program at work. It is ended with this.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) process: std::sync::Arc<Process>,
    pub(super) pipes: Pipes,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.process.kill();
    }
}

/// What a call gave that is over.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) end: End,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Called {
    pub(super) fn is_success(&self) -> bool {
        self.end.status.is_some_and(|status| status.success())
    }

    /// What it said of what is wrong.
    pub(super) fn said(&self) -> String {
        let said = self.stderr.trim();
        if said.is_empty() { self.stdout.trim().to_owned() } else { said.to_owned() }
    }
}

impl Client {
    /// Starts it, in `folder`.
    ///
    /// # Errors
    /// When it cannot be started, as where it is not installed.
    pub(super) async fn start(line: &CommandLine, folder: Option<&Path>, kept: &Kept) -> io::Result<Self> {
        let Started { process, socket, stdout, stderr } = start(line.to_command(folder), kept.clone()).await?;
        // Its standard input is empty.
        drop(socket);
        let guard = Ended(&process);
        // The runtime tells by a panic alone that it has no I/O.
        let pipes = told(|| Pipes::new([stdout, stderr])).map_err(|_| io::Error::other("the runtime has no I/O"))??;
        std::mem::forget(guard);
        Ok(Self { process, pipes })
    }

    /// Runs it to its end, and keeps what it prints.
    pub(super) async fn finish(mut self) -> Called {
        let mut said = [Vec::new(), Vec::new()];
        let mut take = |stream, piece: &[u8]| {
            let own: &mut Vec<u8> = &mut said[stream as usize];
            own.extend_from_slice(&piece[..piece.len().min(SAID.saturating_sub(own.len()))]);
        };
        let Self { process, pipes } = &mut self;
        let end = loop {
            tokio::select! {
                biased;
                end = process.gone() => break end,
                () = pipes.read(&mut take) => {}
            }
        };
        pipes.drain(&mut take);
        let [stdout, stderr] = said.map(|said| String::from_utf8_lossy(&said).into_owned());
        Called { end, stdout, stderr }
    }
}

/// Ends a process that nobody watches.
struct Ended<'a>(&'a Process);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.kill();
    }
}
