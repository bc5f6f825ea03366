//! The line of progress on the terminal, which makes way for everything else that is written there.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

/// Whether the line is there.
static IS_DRAWN: Mutex<bool> = Mutex::new(false);

/// Draws the line over the former one.
#[cfg(feature = "run")]
pub(crate) fn draw(line: &str) {
    let mut is_drawn = IS_DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    // Nobody is left to tell if that fails; so below.
    let _ = io::stderr().lock().write_all(format!("\r\x1b[2K{line}").as_bytes());
    *is_drawn = true;
}

/// Takes the line away, before something else is written.
pub(crate) fn clear() {
    let mut is_drawn = IS_DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::take(&mut *is_drawn) {
        let _ = io::stderr().lock().write_all(b"\r\x1b[2K");
    }
}
