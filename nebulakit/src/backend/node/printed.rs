//! What a task prints, as it comes, where the plan is in an object store: nobody else sees the container's own log as cheaply.
//!
//! Standard output and error go on to where they went before, and into the attempt besides: each piece is an object, `stdout/<offset of its first byte>`, so that whoever
//! has read so far knows the name of the next one.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::folder::AttemptFolder;
use super::{files, stored};

/// How long pieces are gathered.
const GATHER: Duration = Duration::from_secs(2);

/// How long a piece may become before it is stored, in bytes.
const PIECE: usize = 256 << 10;

/// How long it is waited for something to read.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Both streams, while they are copied.
pub(super) struct Printed {
    streams: Vec<Stream>,
    is_over: Arc<AtomicBool>,
}

struct Stream {
    put_back: fn(&OwnedFd) -> io::Result<()>,
    before: OwnedFd,
    copies: JoinHandle<()>,
}

impl Printed {
    /// Begins, if the attempt is in an object store. What cannot be copied is left where it was: no task fails for it.
    pub(super) fn begin(attempt: &AttemptFolder) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut streams = Vec::new();
        if stored::url(attempt.path()).is_some() {
            let out = Stream::begin(attempt.file("stdout"), &is_over, io::stdout().as_fd().try_clone_to_owned(), |fd| {
                Ok(rustix::stdio::dup2_stdout(fd)?)
            });
            let err = Stream::begin(attempt.file("stderr"), &is_over, io::stderr().as_fd().try_clone_to_owned(), |fd| {
                Ok(rustix::stdio::dup2_stderr(fd)?)
            });
            streams.extend([out, err].into_iter().flatten());
        }
        Self { streams, is_over }
    }

    /// Puts the streams back, and stores what is left.
    pub(super) fn end(self) {
        let _ = io::stdout().flush();
        for stream in &self.streams {
            let _ = (stream.put_back)(&stream.before);
        }
        self.is_over.store(true, Ordering::Release);
        for stream in self.streams {
            let _ = stream.copies.join();
        }
    }
}

impl Stream {
    fn begin(
        place: PathBuf,
        is_over: &Arc<AtomicBool>,
        before: io::Result<OwnedFd>,
        put: fn(&OwnedFd) -> io::Result<()>,
    ) -> io::Result<Self> {
        let (before, (reader, writer)) = (before?, io::pipe()?);
        let passed_on = File::from(before.try_clone()?);
        put(&writer.into())?;
        let copy = Copy { place, passed_on, reader, stored: 0, piece: Vec::new(), is_over: Arc::clone(is_over) };
        Ok(Self { put_back: put, before, copies: thread::spawn(|| copy.run()) })
    }
}

struct Copy {
    place: PathBuf,
    passed_on: File,
    reader: io::PipeReader,
    stored: u64,
    piece: Vec<u8>,
    is_over: Arc<AtomicBool>,
}

impl Copy {
    fn run(mut self) {
        let (mut since, mut buffer) = (Instant::now(), vec![0; 64 << 10]);
        loop {
            // Asked before it is read: what was printed until then is there.
            let is_over = self.is_over.load(Ordering::Acquire);
            let is_there = poll(&mut [PollFd::new(&self.reader, PollFlags::IN)], Some(&PATIENCE)).is_ok_and(|count| count > 0);
            let length = if is_there { self.reader.read(&mut buffer).unwrap_or(0) } else { 0 };
            // Where it went before may be gone; the copy goes on.
            let _ = self.passed_on.write_all(&buffer[..length]);
            if self.piece.is_empty() {
                since = Instant::now();
            }
            self.piece.extend_from_slice(&buffer[..length]);
            let is_last = length == 0 && (is_over || is_there);
            if is_last || self.piece.len() >= PIECE || since.elapsed() >= GATHER {
                self.store();
            }
            if is_last {
                return;
            }
        }
    }

    fn store(&mut self) {
        if self.piece.is_empty() {
            return;
        }
        // A piece that cannot be stored now comes with the next one.
        if files::publish(&self.place.join(self.stored.to_string()), &self.piece).is_ok() {
            self.stored += self.piece.len() as u64;
            self.piece.clear();
        }
    }
}
