//! The operating system's requests to stop, and its word that a child has ended.

use std::io::{self, ErrorKind, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::{flag, low_level::pipe};

/// A signal that is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A request to stop, by its name.
    Stop(&'static str),
    /// SIGUSR1, by which people ask a Python task for its stacks. It ends nothing here either.
    Asked,
    /// A child has ended.
    Child,
}

impl Heard {
    /// Its number.
    pub(crate) fn number(self) -> i32 {
        KINDS.iter().find(|(_, heard)| *heard == self).map_or(0, |(number, _)| *number)
    }
}

/// What is listened to; to the last one only by those who have children.
const KINDS: [(i32, Heard); 4] =
    [(SIGTERM, Heard::Stop("SIGTERM")), (SIGINT, Heard::Stop("SIGINT")), (SIGUSR1, Heard::Asked), (SIGCHLD, Heard::Child)];

/// How many of them everybody listens to.
const WITHOUT_CHILDREN: usize = 3;

/// SIGTERM and SIGINT, as they come.
///
/// Each handler sets the flag of its signal and writes a byte, which a thread reads: that costs a process that is never told to stop less
/// than an event loop does.
#[derive(Debug)]
pub(crate) struct StopSignals {
    bytes: UnixStream,
    came: Vec<(Heard, Arc<AtomicBool>)>,
    last: Heard,
}

impl StopSignals {
    /// Begins to listen; from now on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses a handler.
    pub(crate) fn listen() -> io::Result<Self> {
        Self::listen_to(&KINDS[..WITHOUT_CHILDREN])
    }

    /// The same, and hears of the end of children.
    ///
    /// # Errors
    /// When the operating system refuses a handler.
    pub(crate) fn listen_with_children() -> io::Result<Self> {
        Self::listen_to(&KINDS)
    }

    fn listen_to(kinds: &[(i32, Heard)]) -> io::Result<Self> {
        let (bytes, handlers) = UnixStream::pair()?;
        let mut came = Vec::with_capacity(kinds.len());
        for (number, heard) in kinds {
            let flag = Arc::new(AtomicBool::new(false));
            // The flag is set before the byte is there.
            flag::register(*number, Arc::clone(&flag))?;
            pipe::register(*number, handlers.try_clone()?)?;
            came.push((*heard, flag));
        }
        Ok(Self { bytes, came, last: Heard::Asked })
    }

    /// Blocks until the next request to stop, and gives its name; [`None`] when none came within `limit`, which is longer than nothing.
    pub(crate) fn next(&mut self, limit: Duration) -> Option<&'static str> {
        loop {
            match self.next_of_all(Some(limit))? {
                Heard::Stop(name) => return Some(name),
                Heard::Asked => tracing::warn!("SIGUSR1 came: the task is still running"),
                Heard::Child => {}
            }
        }
    }

    /// Blocks until the next signal of any kind; [`None`] when none came within `limit`, which is longer than nothing.
    pub(crate) fn next_of_all(&mut self, limit: Option<Duration>) -> Option<Heard> {
        // A limit that is refused is none: the wait for a signal goes on.
        let _ = self.bytes.set_read_timeout(limit);
        loop {
            match self.bytes.read(&mut [0]) {
                Ok(_) => {
                    // A byte without a flag is of a signal that came again before the first was read.
                    let came = self.came.iter().find(|(_, came)| came.swap(false, Ordering::SeqCst));
                    self.last = came.map_or(self.last, |(heard, _)| *heard);
                    return Some(self.last);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}
