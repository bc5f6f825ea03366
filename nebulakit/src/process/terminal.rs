//! Standard error: all that this crate writes there passes through here, as text that a terminal does not obey; and the lines of progress, which
//! make way for everything else.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use nebulakit_types::visible;

/// How many lines of progress are there.
static DRAWN: Mutex<usize> = Mutex::new(0);

/// Writes lines to standard error. Names and messages in them may come from outside: control characters are shown escaped, but for line breaks
/// and tabs. One write keeps the lines of several threads and processes apart.
pub(crate) fn write(text: &str) {
    write_raw(visible::lines(text).as_bytes());
}

/// The same with lines as somebody else wrote them.
pub(crate) fn write_raw(lines: &[u8]) {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    erase(&mut drawn);
    // A failure cannot be reported anywhere, and a closed stderr must not stop the task; the same below.
    let _ = io::stderr().lock().write_all(lines);
}

/// What another process has written there goes on as it is.
pub(crate) fn pass_on(bytes: &[u8]) {
    let _ = io::stderr().lock().write_all(bytes);
}

/// A message whose lines behind the first are indented, unless they are already, so that none looks like one of this crate's own: authors
/// break their messages into lines, and so may the text that they quote. The headings of [`chain`](crate::task::failure::chain) stay.
pub(crate) fn continued(message: &str) -> String {
    const HEADINGS: [&str; 2] = ["Caused by:", "Stack backtrace:"];
    let mut lines = message.split('\n');
    let mut text = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let stays = line.trim_end().is_empty() || line.starts_with([' ', '\t']) || HEADINGS.contains(&line);
        text.push_str(if stays { "\n" } else { "\n  " });
        text.push_str(line);
    }
    text
}

/// How many lines the terminal shows; as many as there are, where it does not say so.
#[cfg(feature = "run")]
pub(crate) fn height() -> usize {
    let rows = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_row);
    if rows == 0 { usize::MAX } else { rows.into() }
}

/// Draws lines over the former ones; the terminal shows all of them. They hold nothing from outside that a terminal obeys.
#[cfg(feature = "run")]
pub(crate) fn draw(lines: &str) {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = io::stderr().lock().write_all(format!("{}{lines}", erasing(*drawn)).as_bytes());
    *drawn = lines.split('\n').count();
}

/// Takes the lines away, before something else is written.
pub(crate) fn clear() {
    erase(&mut DRAWN.lock().unwrap_or_else(PoisonError::into_inner));
}

fn erase(drawn: &mut usize) {
    let lines = std::mem::take(drawn);
    if lines > 0 {
        let _ = io::stderr().lock().write_all(erasing(lines).as_bytes());
    }
}

/// What takes away so many lines, in the last of which the cursor is; at least the one that it is in.
fn erasing(lines: usize) -> String {
    format!("\r\x1b[2K{}", "\x1b[1A\x1b[2K".repeat(lines.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_behind_the_first_are_indented() {
        let message = "no\nhint: forged\r\n\n  deeper\n\nCaused by:\n    that\n";
        assert_eq!(continued(message), "no\n  hint: forged\r\n\n  deeper\n\nCaused by:\n    that\n");
        assert_eq!(continued(""), "");
    }
}
