//! The worker's end of the socket.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::process::standard_input;
use crate::process::worker::message::{FromWorker, Order, Report, ToWorker, framed, take};

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// The worker's end of the socket: every thread may write, and only the one that holds the reader reads.
#[derive(Debug)]
pub(super) struct Channel {
    stream: UnixStream,
    read: Mutex<BytesMut>,
    written: Mutex<()>,
}

impl Channel {
    /// Takes the socket away from standard input, which is empty from now on.
    ///
    /// # Errors
    /// When the operating system refuses it.
    pub(super) fn take() -> io::Result<Self> {
        let stream = standard_input::take_socket()?;
        // The other end does not block, and this one was made with it.
        stream.set_nonblocking(false)?;
        Ok(Self { stream, read: Mutex::default(), written: Mutex::default() })
    }

    /// Speaks over a socket that the worker has found by its name.
    #[cfg(feature = "container")]
    pub(super) fn over(stream: UnixStream) -> Self {
        Self { stream, read: Mutex::default(), written: Mutex::default() }
    }

    /// # Errors
    /// When the message is too large, or nobody hears it.
    pub(super) fn say(&self, report: Report) -> io::Result<()> {
        self.say_while(report, || true).map(drop)
    }

    /// The same, if `is_due` at the moment at which it can be said. It says whether it was.
    pub(super) fn say_while(&self, report: Report, is_due: impl FnOnce() -> bool) -> io::Result<bool> {
        let frame = framed(&FromWorker { report: Some(report) })?;
        let _one_by_one = locked(&self.written);
        let is_due = is_due();
        if is_due {
            (&self.stream).write_all(&frame)?;
        }
        Ok(is_due)
    }

    /// Waits for the next order; [`None`] when there will be none.
    ///
    /// # Errors
    /// When what comes is not an order.
    pub(super) fn next(&self) -> io::Result<Option<Order>> {
        self.reader().next()
    }

    /// Waits until there is something to read, or something was read that nobody has taken yet: an order that came in one piece with the one before.
    pub(super) fn wait(&self) {
        if !locked(&self.read).is_empty() {
            return;
        }
        // What goes wrong here shows itself to the one who reads.
        let _ = poll(&mut [PollFd::new(&self.stream, PollFlags::IN)], None);
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { stream: &self.stream, read: locked(&self.read) }
    }
}

/// Who has it reads, and nobody else.
pub(super) struct Reader<'a> {
    stream: &'a UnixStream,
    read: MutexGuard<'a, BytesMut>,
}

impl Reader<'_> {
    /// Whether [`next`](Self::next) has something to read at once.
    pub(super) fn is_ready(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        !self.read.is_empty() || poll(&mut [PollFd::new(&self.stream.as_fd(), PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
    }

    /// As [`Channel::next`].
    pub(super) fn next(&mut self) -> io::Result<Option<Order>> {
        let mut piece = [0; PIECE];
        loop {
            if let Some(ToWorker { order }) = take(&mut self.read)? {
                match order {
                    Some(order) => return Ok(Some(order)),
                    // Of a later version, which says nothing that this one could miss.
                    None => continue,
                }
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(length) => self.read.extend_from_slice(&piece[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under it panics.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
