//! The end of what a process prints, for an error that tells of it.

use std::collections::VecDeque;

use crate::process::fate::LAST_WORDS;

/// How much of it is told, in bytes: some forty lines, which fit into every document.
const TOLD: usize = 4 * 1024;

/// How much of it is kept, in bytes: what a runtime says of its end may have a long backtrace behind it.
const KEPT: usize = 64 * 1024;

/// The last bytes of an output.
#[derive(Debug, Default)]
pub(crate) struct Tail(VecDeque<u8>);

impl Tail {
    pub(crate) fn add(&mut self, piece: &[u8]) {
        let last = &piece[piece.len().saturating_sub(KEPT)..];
        let surplus = (self.0.len() + last.len()).saturating_sub(KEPT);
        self.0.drain(..surplus);
        self.0.extend(last);
    }

    /// The last lines, whole ones where there is more than one. What Rust's runtime said of its end comes first where it is not among them.
    pub(crate) fn text(&mut self) -> String {
        let all = self.0.make_contiguous();
        let (before, tail) = all.split_at(all.len().saturating_sub(TOLD));
        let whole = match tail.iter().position(|byte| *byte == b'\n') {
            Some(end) if !before.is_empty() && end + 1 < tail.len() => &tail[end + 1..],
            _ => tail,
        };
        let told = String::from_utf8_lossy(whole).trim_end().to_owned();
        let says_why = |line: &&str| LAST_WORDS.iter().any(|words| line.contains(words));
        if told.lines().any(|line| says_why(&line)) {
            return told;
        }
        let before = String::from_utf8_lossy(&all[..all.len() - whole.len()]);
        match before.lines().rfind(says_why) {
            Some(why) if why.len() < TOLD => format!("{why}\n...\n{told}"),
            _ => told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_lines_are_kept() {
        let mut tail = Tail::default();
        assert_eq!(tail.text(), "");
        for line in 0..10_000 {
            tail.add(format!("line {line}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.starts_with("line ") && text.ends_with("\nline 9999") && text.len() <= TOLD, "{text}");
        tail.add(&vec![b'x'; 3 * KEPT]);
        assert_eq!(tail.text(), "x".repeat(TOLD));
        tail.add(b"\xff\n");
        assert!(tail.text().ends_with("x\u{fffd}"));
    }

    #[test]
    fn why_it_ended_is_kept_before_a_long_backtrace() {
        let mut tail = Tail::default();
        tail.add(b"begins\nmemory allocation of 80 bytes failed\nstack backtrace:\n");
        for frame in 0..500 {
            tail.add(format!("  {frame}: some::function\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.starts_with("memory allocation of 80 bytes failed\n...\n") && text.ends_with("499: some::function"), "{text}");
        assert!(text.len() < TOLD + 100);
        let mut short = Tail::default();
        short.add(b"memory allocation of 80 bytes failed\n  0: some::function\n");
        assert_eq!(short.text(), "memory allocation of 80 bytes failed\n  0: some::function");
    }
}
