//! What a process prints, as it comes.

use std::io;
use std::os::fd::OwnedFd;

use tokio::net::unix::pipe;

use crate::coordinator::event::OutputStream;

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// How many pieces of one stream are taken before anything else is looked at.
const PIECES: usize = 64;

/// Our ends of a process's standard output and standard error, on the runtime that polls them.
#[derive(Debug)]
pub(in crate::coordinator::strategy) struct Pipes([End; 2]);

#[derive(Debug)]
struct End {
    pipe: pipe::Receiver,
    stream: OutputStream,
    /// Whether more may come.
    is_open: bool,
}

impl Pipes {
    /// Has the runtime that polls this watch them.
    ///
    /// # Errors
    /// When it cannot.
    ///
    /// # Panics
    /// On a runtime without I/O, as tokio has it.
    pub(in crate::coordinator::strategy) fn new([stdout, stderr]: [OwnedFd; 2]) -> io::Result<Self> {
        let end = |pipe, stream| Ok::<_, io::Error>(End { pipe: pipe::Receiver::from_owned_fd_unchecked(pipe)?, stream, is_open: true });
        Ok(Self([end(stdout, OutputStream::Stdout)?, end(stderr, OutputStream::Stderr)?]))
    }

    /// Takes them from their runtime.
    ///
    /// # Errors
    /// When that is gone.
    pub(in crate::coordinator::strategy) fn into_fds(self) -> io::Result<[OwnedFd; 2]> {
        let [stdout, stderr] = self.0;
        Ok([stdout.pipe.into_nonblocking_fd()?, stderr.pipe.into_nonblocking_fd()?])
    }

    /// Waits until something is printed, and hands over what there is, at most a mebibyte of each stream. Never ready once both are at their ends.
    ///
    /// # Cancel safety
    /// What is read is handed over.
    pub(in crate::coordinator::strategy) async fn read(&mut self, take: impl FnMut(OutputStream, &[u8])) {
        let [stdout, stderr] = &self.0;
        tokio::select! {
            _ = stdout.pipe.readable(), if stdout.is_open => {}
            _ = stderr.pipe.readable(), if stderr.is_open => {}
            else => std::future::pending().await,
        }
        self.look(|pipe, piece| pipe.try_read(piece), take);
    }

    /// Hands over what was printed by now, whatever the runtime knows of it. What comes later is not waited for: what the process has started may hold its output
    /// still.
    pub(in crate::coordinator::strategy) fn drain(&mut self, take: impl FnMut(OutputStream, &[u8])) {
        self.look(|pipe, piece| Ok(rustix::io::read(pipe, piece)?), take);
    }

    fn look(&mut self, read: impl Fn(&pipe::Receiver, &mut [u8]) -> io::Result<usize>, mut take: impl FnMut(OutputStream, &[u8])) {
        let mut piece = [0; PIECE];
        for End { pipe, stream, is_open } in &mut self.0 {
            // A program that prints without end is looked at again after the other stream.
            for _ in 0..PIECES {
                if !*is_open {
                    break;
                }
                match read(pipe, &mut piece) {
                    Ok(0) => *is_open = false,
                    Ok(length) => take(*stream, &piece[..length]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => *is_open = false,
                }
            }
        }
    }
}
