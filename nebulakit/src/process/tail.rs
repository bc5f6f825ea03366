//! The end of what a process prints, for an error that tells of it.

use std::collections::VecDeque;

/// How much of it is kept, in bytes: some forty lines, which fit into every document.
const KEPT: usize = 4 * 1024;

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

    /// The last lines, whole ones where there is more than one.
    pub(crate) fn text(&mut self) -> String {
        let is_cut = self.0.len() == KEPT;
        let tail = self.0.make_contiguous();
        let whole = match tail.iter().position(|byte| *byte == b'\n') {
            Some(end) if is_cut && end + 1 < tail.len() => &tail[end + 1..],
            _ => tail,
        };
        String::from_utf8_lossy(whole).trim_end().to_owned()
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
        assert!(text.starts_with("line ") && text.ends_with("\nline 9999") && text.len() <= KEPT, "{text}");
        tail.add(&vec![b'x'; 3 * KEPT]);
        assert_eq!(tail.text(), "x".repeat(KEPT));
        tail.add(b"\xff\n");
        assert!(tail.text().ends_with("x\u{fffd}"));
    }
}
