//! The engine's own program, as a process of this one: what it prints, and how it ends.

use std::io;
use std::path::Path;

use tokio::net::unix::pipe;

use crate::coordinator::event::OutputStream;
use crate::coordinator::strategy::containers::driver::CommandLine;
use crate::coordinator::strategy::processes::limits::Kept;
use crate::coordinator::strategy::processes::process::{End, Process, Started, start};
use crate::task::panic::told;

/// How much of what it prints is taken at once.
const PIECE: usize = 16 * 1024;

/// How many pieces of one stream are taken before the other is looked at.
const PIECES: usize = 64;

/// The most that is kept of what a call prints that is over soon.
const SAID: usize = 256 * 1024;

/// The engine's program at work. It is ended with this.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) process: std::sync::Arc<Process>,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
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
        let pipe = pipe::Receiver::from_owned_fd_unchecked;
        // The runtime tells by a panic alone that it has no I/O.
        let pipes = told(|| Ok::<_, io::Error>((pipe(stdout)?, pipe(stderr)?)));
        let (stdout, stderr) = pipes.map_err(|_| io::Error::other("the runtime has no I/O"))??;
        std::mem::forget(guard);
        Ok(Self { process, stdout, stderr })
    }

    /// Where its output is read.
    pub(super) fn pipes(&self) -> [&pipe::Receiver; 2] {
        [&self.stdout, &self.stderr]
    }

    /// Waits until it prints something, if it may still do so.
    pub(super) async fn readable(&self, is_open: [bool; 2]) {
        tokio::select! {
            _ = self.stdout.readable(), if is_open[0] => {}
            _ = self.stderr.readable(), if is_open[1] => {}
            else => std::future::pending().await,
        }
    }

    /// Hands over what it has printed, and says of which of the two streams there may be more.
    pub(super) fn look(&self, is_open: [bool; 2], take: impl FnMut(OutputStream, &[u8])) -> [bool; 2] {
        self.read(is_open, |pipe, piece| pipe.try_read(piece), take)
    }

    /// Hands over what it printed before it ended: what it has started may hold its output still.
    pub(super) fn drain(&self, is_open: [bool; 2], take: impl FnMut(OutputStream, &[u8])) {
        // Whatever the runtime knows of it.
        self.read(is_open, |pipe, piece| Ok(rustix::io::read(pipe, piece)?), take);
    }

    fn read(
        &self,
        mut is_open: [bool; 2],
        read: impl Fn(&pipe::Receiver, &mut [u8]) -> io::Result<usize>,
        mut take: impl FnMut(OutputStream, &[u8]),
    ) -> [bool; 2] {
        let mut piece = [0; PIECE];
        for (is_open, (pipe, stream)) in
            is_open.iter_mut().zip([(&self.stdout, OutputStream::Stdout), (&self.stderr, OutputStream::Stderr)])
        {
            // A program that prints without end is looked at again after the other stream.
            for _ in 0..PIECES {
                if !*is_open {
                    break;
                }
                match read(pipe, &mut piece) {
                    Ok(0) => *is_open = false,
                    Ok(length) => take(stream, &piece[..length]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => *is_open = false,
                }
            }
        }
        is_open
    }

    /// Runs it to its end, and keeps what it prints.
    pub(super) async fn finish(self) -> Called {
        let mut said = [Vec::new(), Vec::new()];
        let mut take = |stream, piece: &[u8]| {
            let own: &mut Vec<u8> = &mut said[stream as usize];
            own.extend_from_slice(&piece[..piece.len().min(SAID.saturating_sub(own.len()))]);
        };
        let mut is_open = [true; 2];
        let end = loop {
            tokio::select! {
                biased;
                end = self.process.gone() => break end,
                () = self.readable(is_open) => is_open = self.look(is_open, &mut take),
            }
        };
        self.drain(is_open, &mut take);
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
