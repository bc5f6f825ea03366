//! What the child writes to standard error goes on at once, and the end of it is kept.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::process::tail::Tail;
use crate::process::terminal;

/// How much is read at once: as much as a pipe holds.
const PIECE: usize = 64 * 1024;

/// How long the last of it may take to go on, where nobody reads it: the container ends without it then.
const LONGEST: Duration = Duration::from_secs(2);

/// A thread that passes it on.
#[derive(Debug)]
pub(super) struct Pump {
    /// Its end tells the thread that nothing more will be written.
    over: UnixStream,
    passed: Arc<Passed>,
}

/// The last lines, once all has gone on.
#[derive(Debug, Default)]
struct Passed {
    tail: Mutex<Option<String>>,
    all: Condvar,
}

impl Pump {
    pub(super) fn start(stderr: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&stderr, true)?;
        let (over, is_over) = UnixStream::pair()?;
        let passed = Arc::new(Passed::default());
        let theirs = Arc::clone(&passed);
        std::thread::Builder::new().name("nebulakit-stderr".to_owned()).spawn(move || {
            let tail = pass_on(&stderr, &is_over);
            *theirs.tail.lock().unwrap_or_else(PoisonError::into_inner) = Some(tail);
            theirs.all.notify_one();
        })?;
        Ok(Self { over, passed })
    }

    /// Waits until all that is there has gone on, and gives the last lines.
    pub(super) fn end(self) -> String {
        drop(self.over);
        let Passed { tail, all } = &*self.passed;
        let tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = all.wait_timeout_while(tail, LONGEST, |tail| tail.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take().unwrap_or_default()
    }
}

/// Passes on what comes, until the pipe ends or is empty when `is_over` has ended.
fn pass_on(stderr: &OwnedFd, is_over: &UnixStream) -> String {
    let mut tail = Tail::default();
    let mut piece = vec![0; PIECE];
    let mut is_last = false;
    loop {
        match rustix::io::read(stderr, &mut piece) {
            Ok(0) => break,
            Ok(length) => {
                tail.add(&piece[..length]);
                terminal::pass_on(&piece[..length]);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if !is_last => {
                let mut sources = [PollFd::new(stderr, PollFlags::IN), PollFd::new(is_over, PollFlags::IN)];
                if poll(&mut sources, None).is_ok() {
                    is_last = !sources[1].revents().is_empty();
                }
            }
            Err(_) => break,
        }
    }
    tail.text()
}
