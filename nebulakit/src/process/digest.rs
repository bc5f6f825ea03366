//! SHA-256 digests, in lower-case hex.

#[cfg(feature = "run")]
use std::fs::File;
#[cfg(feature = "run")]
use std::io::{self, BufRead as _, BufReader};

use sha2::{Digest as _, Sha256};

/// The digest of bytes.
pub(crate) fn of(bytes: impl AsRef<[u8]>) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The digest of a file's contents, unless it `is_stopped` before the end.
///
/// # Errors
/// When it cannot be read, or was stopped.
#[cfg(feature = "run")]
pub(crate) fn of_file(file: &File, is_stopped: impl Fn() -> bool) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut file = BufReader::with_capacity(64 << 10, file);
    loop {
        let part = file.fill_buf()?;
        if part.is_empty() {
            return Ok(hexadecimal(&digest.finalize()));
        }
        if is_stopped() {
            return Err(io::Error::other("the run was stopped"));
        }
        digest.update(part);
        let length = part.len();
        file.consume(length);
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    // Each node of a run has one or two: `{:02x}` would take a microsecond for each.
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}
