//! The operating system's requests to stop.

use std::io::{self, ErrorKind, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::{flag, low_level::pipe};

/// What is listened to. SIGUSR1, by which people ask a Python task for its stacks, ends nothing here either.
const KINDS: [(i32, &str); 3] = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGUSR1, "SIGUSR1")];

/// SIGTERM and SIGINT, as they come.
///
/// Each handler sets the flag of its signal and writes a byte, which a thread reads: that costs a process that is never told to stop less
/// than an event loop does.
#[derive(Debug)]
pub(crate) struct StopSignals {
    bytes: UnixStream,
    came: [Arc<AtomicBool>; KINDS.len()],
    last: usize,
}

impl StopSignals {
    /// Begins to listen; from now on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the operating system refuses a handler.
    pub(crate) fn listen() -> io::Result<Self> {
        let (bytes, handlers) = UnixStream::pair()?;
        let came = KINDS.map(|_| Arc::new(AtomicBool::new(false)));
        for ((number, _), came) in KINDS.iter().zip(&came) {
            // The flag is set before the byte is there.
            flag::register(*number, Arc::clone(came))?;
            pipe::register(*number, handlers.try_clone()?)?;
        }
        Ok(Self { bytes, came, last: 0 })
    }

    /// Blocks until the next request to stop, and gives its name; [`None`] when none came within `limit`, which is longer than nothing.
    pub(crate) fn next(&mut self, limit: Duration) -> Option<&'static str> {
        // A limit that is refused is none: the wait for a signal goes on.
        let _ = self.bytes.set_read_timeout(Some(limit));
        loop {
            match self.bytes.read(&mut [0]) {
                Ok(_) => {
                    // A byte without a flag is of a signal that came again before the first was read.
                    self.last = self.came.iter().position(|came| came.swap(false, Ordering::SeqCst)).unwrap_or(self.last);
                    match KINDS[self.last] {
                        (SIGUSR1, _) => tracing::warn!("SIGUSR1 came: the task is still running"),
                        (_, name) => return Some(name),
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}
