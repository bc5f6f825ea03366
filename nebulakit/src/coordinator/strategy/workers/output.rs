//! What a worker prints: events of the job, line by line, and the end of it for an error.

use crate::coordinator::context::JobContext;
use crate::coordinator::event::OutputStream;
use crate::coordinator::strategy::workers::pipes::Pipes;
use crate::process::tail::Tail;

/// The longest line, in bytes; a longer one is told in parts.
const LONGEST_LINE: usize = 64 * 1024;

/// The output of a worker while it runs one job.
pub(in crate::coordinator::strategy) struct Output<'a> {
    job: &'a JobContext,
    /// A line of standard output, and one of standard error, that are not at their ends yet; memory for lines between them.
    open: [Vec<u8>; 2],
    tail: Tail,
}

impl<'a> Output<'a> {
    pub(in crate::coordinator::strategy) fn of(job: &'a JobContext) -> Self {
        Self { job, open: Default::default(), tail: Tail::default() }
    }

    pub(in crate::coordinator::strategy) fn add(&mut self, stream: OutputStream, piece: &[u8]) {
        self.tail.add(piece);
        let open = &mut self.open[stream as usize];
        let (lines, rest) = piece.split_at(piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        if !lines.is_empty() {
            open.extend_from_slice(lines);
            self.job.output(stream, open);
            open.clear();
        }
        open.extend_from_slice(rest);
        if open.len() >= LONGEST_LINE {
            self.job.output(stream, open);
            open.clear();
        }
    }

    /// Waits until something is printed and there is room for it among the events, and takes it.
    ///
    /// # Cancel safety
    /// What is read is taken.
    pub(in crate::coordinator::strategy) async fn take(&mut self, pipes: &mut Pipes) {
        self.job.home.core().publisher.room().await;
        pipes.read(|stream, piece| self.add(stream, piece)).await;
    }

    /// Takes what was printed before the end of the work; what comes later is not waited for.
    pub(in crate::coordinator::strategy) fn drain(&mut self, pipes: &mut Pipes) {
        pipes.drain(|stream, piece| self.add(stream, piece));
        self.finish();
    }

    /// The job is over: lines without an end are told too.
    fn finish(&mut self) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let line = std::mem::take(&mut self.open[stream as usize]);
            if !line.is_empty() {
                self.job.output(stream, &[&*line, b"\n"].concat());
            }
        }
    }

    /// The last lines.
    pub(in crate::coordinator::strategy) fn tail(&mut self) -> String {
        self.tail.text()
    }
}
