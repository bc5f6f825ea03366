//! SHA-256 digests, in lower-case hex.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};

use sha2::{Digest as _, Sha256};

/// A digest that is built part by part, and includes the length of each part.
#[derive(Debug, Default)]
pub(crate) struct Parts(Sha256);

impl Parts {
    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub(crate) fn digest(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

/// The digest of a node's inputs, by their names and the bytes of their literals. [`EventKind::Succeeded`](crate::run::EventKind::Succeeded) has it,
/// combined with the digests of the local files that the inputs name and that no run stored.
///
/// # Examples
/// ```
/// use nebulakit::run::inputs_digest;
///
/// let digest = inputs_digest([("a", &b"1"[..])]);
/// assert_eq!(digest, inputs_digest([("a", &b"1"[..])]));
/// assert_ne!(digest, inputs_digest([("a", &b"2"[..])]));
/// ```
pub fn inputs_digest<'a>(inputs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut parts = Parts::default();
    for (name, literal) in inputs {
        parts.add(name);
        parts.add(literal);
    }
    parts.digest()
}

/// The digest of bytes.
pub(crate) fn of(bytes: impl AsRef<[u8]>) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The digest of a file's contents, unless it `is_stopped` before the end.
///
/// # Errors
/// When it cannot be read, or was stopped.
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

fn hexadecimal(bytes: &[u8]) -> String {
    // Each node of a run has one or two: `{:02x}` would take a microsecond for each.
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}
