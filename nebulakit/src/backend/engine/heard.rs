//! What a job prints, told apart: what its task logs, with its level, how far it is, and all else.

use crate::coordinator::{JobContext, OutputStream};
use crate::process::logs::{Said, may_say, read};

/// The longest line that may be one of the task's log, in bytes.
const LONGEST: usize = 1 << 20;

/// One of the two streams of a job, as it comes.
pub(in crate::backend) struct Lines {
    stream: OutputStream,
    /// The beginning of a line that may become one of the log.
    held: Vec<u8>,
    /// Whether the rest of a line comes that was passed on so far.
    is_within: bool,
}

/// What becomes of a piece.
enum Piece<'a> {
    Said(Said),
    Printed(&'a [u8]),
}

impl Lines {
    pub(in crate::backend) fn new(stream: OutputStream) -> Self {
        Self { stream, held: Vec::new(), is_within: false }
    }

    /// Passes on what has come.
    pub(in crate::backend) fn pass(&mut self, context: &JobContext, new: &[u8]) {
        let stream = self.stream;
        self.split(new, |piece| match piece {
            Piece::Said(Said::Log(level, message)) => context.log(level, message),
            Piece::Said(Said::Progress(done, total)) => context.progress(done, total),
            Piece::Printed(text) => context.output(stream, text),
        });
    }

    /// Nothing more comes.
    pub(in crate::backend) fn end(&mut self, context: &JobContext) {
        if !self.held.is_empty() {
            context.output(self.stream, &std::mem::take(&mut self.held));
        }
    }

    fn split(&mut self, new: &[u8], mut hear: impl FnMut(Piece<'_>)) {
        // Tasks log on one of the two, and print long lines on the other.
        if self.stream == OutputStream::Stdout {
            if !new.is_empty() {
                hear(Piece::Printed(new));
            }
            return;
        }
        let joined = [std::mem::take(&mut self.held).as_slice(), new].concat();
        // From here on it is printed text that was not passed on yet.
        let (mut from, mut at) = (0, 0);
        for line in joined.split_inclusive(|byte| *byte == b'\n') {
            let is_whole = line.ends_with(b"\n");
            let begins = !std::mem::replace(&mut self.is_within, !is_whole);
            let said = if begins && is_whole { read(line.trim_ascii_end()) } else { None };
            if let Some(said) = said {
                if from < at {
                    hear(Piece::Printed(&joined[from..at]));
                }
                hear(Piece::Said(said));
                from = at + line.len();
            } else if begins && !is_whole && line.len() < LONGEST && may_say(line) {
                if from < at {
                    hear(Piece::Printed(&joined[from..at]));
                }
                self.held.extend_from_slice(line);
                self.is_within = false;
                return;
            }
            at += line.len();
        }
        if from < joined.len() {
            hear(Piece::Printed(&joined[from..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = "{\"asctime\": \"2026-11-20 09:07:53,898\", \"name\": \"task\", \"levelname\": \"INFO\", \"message\": \"there\"}\n";

    /// What is heard of a stream that comes in these pieces; printed text in a row is one.
    fn heard<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Result<String, Vec<u8>>> {
        let (mut lines, mut all) = (Lines::new(OutputStream::Stderr), Vec::new());
        let mut hear = |piece: Piece<'_>| match (piece, all.last_mut()) {
            (Piece::Printed(text), Some(Err(before))) => Vec::extend_from_slice(before, text),
            (Piece::Printed(text), _) => all.push(Err(text.to_vec())),
            (Piece::Said(said), _) => all.push(Ok(format!("{said:?}"))),
        };
        for piece in pieces {
            lines.split(piece, &mut hear);
        }
        if !lines.held.is_empty() {
            hear(Piece::Printed(&lines.held));
        }
        all
    }

    #[test]
    fn what_is_logged_keeps_its_place_between_what_is_printed() {
        let text = format!("one\n{LINE}two\nthree {LINE}{LINE}{{\"asctime\": \"");
        let said = || Ok("Log(Level(Info), \"there\")".to_owned());
        let printed = |text: &str| Err(text.as_bytes().to_vec());
        let expected = [printed("one\n"), said(), printed(&format!("two\nthree {LINE}")), said(), printed("{\"asctime\": \"")];
        assert_eq!(heard([text.as_bytes()]), expected);
    }

    proptest! {
        /// However it is cut.
        #[test]
        fn the_pieces_in_which_it_comes_do_not_matter(
            lines in prop::collection::vec(prop_oneof![Just(LINE), Just("plain\n"), Just("{\n"), Just("{\"asctime\": \"x\"\n"), Just("\n"), Just("ä")], 0..12),
            size in 1..40_usize,
        ) {
            let text = lines.concat();
            prop_assert_eq!(heard(text.as_bytes().chunks(size)), heard([text.as_bytes()].into_iter().filter(|text| !text.is_empty())));
        }
    }
}
