//! Digests of what has parts.

use sha2::{Digest as _, Sha256};

use crate::process::digest::hexadecimal;
pub(crate) use crate::process::digest::{of, of_file};

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
