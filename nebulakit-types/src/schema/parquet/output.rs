//! What is finished of a file, until it is stored.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Bytes;

/// Finished bytes leave in pieces of so many.
const PIECE: usize = 1024 * 1024;

/// The bytes of the file that have not been taken yet, in pieces of [`PIECE`] bytes, so that they can be stored one after the other.
#[derive(Clone, Default)]
pub(super) struct Output(Arc<Mutex<Pieces>>);

#[derive(Default)]
struct Pieces {
    full: Vec<Bytes>,
    last: Vec<u8>,
}

impl Output {
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Vec<Bytes> {
        let mut pieces = self.pieces();
        let mut last = std::mem::take(&mut pieces.last);
        // Whoever keeps a small table in memory does not keep room for a large one.
        last.shrink_to_fit();
        let mut taken = std::mem::take(&mut pieces.full);
        taken.extend((!last.is_empty()).then(|| Bytes::from(last)));
        taken
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pieces = self.pieces();
        if pieces.last.capacity() == 0 {
            pieces.last.reserve_exact(PIECE);
        }
        let some = &bytes[..bytes.len().min(PIECE - pieces.last.len())];
        pieces.last.extend_from_slice(some);
        if pieces.last.len() == PIECE {
            let full = std::mem::take(&mut pieces.last);
            pieces.full.push(full.into());
        }
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
