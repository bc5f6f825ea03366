//! Each attempt is made once: the first process that creates its file has it, on whichever machine.

use std::io;

use super::files;
use super::folder::{AttemptFolder, NodeFolder};
use super::record::Begun;

/// Claims the attempt; `false` where another process has it.
///
/// # Errors
/// When the file cannot be created.
pub(super) fn claim(attempt: &AttemptFolder, begun: &Begun) -> io::Result<bool> {
    attempt.make()?;
    let mut line = serde_json::to_vec(begun).map_err(io::Error::other)?;
    line.push(b'\n');
    // The file counts from its creation on. What is in it is for people.
    files::create_first(&attempt.file("claim"), &line)
}

/// Claims the first attempt that nobody has.
///
/// # Errors
/// When a file cannot be created.
pub(super) fn claim_next(node: &NodeFolder, begun: &mut Begun) -> io::Result<()> {
    for number in 0.. {
        begun.attempt = number;
        if claim(&node.attempt(number), begun)? {
            return Ok(());
        }
    }
    Err(io::Error::other("there are no more numbers of attempts"))
}
