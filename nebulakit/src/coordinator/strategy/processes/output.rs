//! What a worker prints: events of the job, line by line, and the end of it for an error.

use std::io;

use crate::coordinator::context::JobContext;
use crate::coordinator::event::OutputStream;
use crate::process::tail::Tail;

/// The longest line, in bytes; a longer one is told in parts.
const LONGEST_LINE: usize = 64 * 1024;

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// The output of a worker while it runs one job.
#[derive(Debug, Default)]
pub(in crate::coordinator::strategy) struct Output {
    /// A line of standard output, and one of standard error, that are not at their ends yet.
    open: [Vec<u8>; 2],
    tail: Tail,
}

/// What came of a look into a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::coordinator::strategy) enum Looked {
    /// There may be more.
    Open,
    /// There will be nothing more.
    Over,
}

impl Output {
    /// Takes what `read` gives now, at most some more than `limit` bytes of it.
    pub(in crate::coordinator::strategy) fn take(
        &mut self,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
        stream: OutputStream,
        limit: usize,
        job: &JobContext,
    ) -> Looked {
        let mut piece = [0; PIECE];
        let mut taken = 0;
        while taken < limit {
            match read(&mut piece) {
                Ok(0) => return Looked::Over,
                Ok(length) => {
                    taken += length;
                    self.add(&piece[..length], stream, job);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Looked::Open,
                Err(_) => return Looked::Over,
            }
        }
        Looked::Open
    }

    pub(in crate::coordinator::strategy) fn add(&mut self, piece: &[u8], stream: OutputStream, job: &JobContext) {
        self.tail.add(piece);
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let open = &mut self.open[stream as usize];
            open.extend_from_slice(part);
            if open.ends_with(b"\n") || open.len() >= LONGEST_LINE {
                let line = std::mem::take(open);
                tell(&line, stream, job);
            }
        }
    }

    /// The job is over: lines without an end are told too.
    pub(in crate::coordinator::strategy) fn finish(&mut self, job: &JobContext) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let line = std::mem::take(&mut self.open[stream as usize]);
            if !line.is_empty() {
                tell(&line, stream, job);
            }
        }
    }

    /// The last lines.
    pub(in crate::coordinator::strategy) fn tail(&mut self) -> String {
        self.tail.text()
    }
}

fn tell(line: &[u8], stream: OutputStream, job: &JobContext) {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    job.output(stream, || String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned());
}
