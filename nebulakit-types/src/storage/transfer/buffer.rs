//! Pieces that wait to be sent.

use bytes::{Bytes, BytesMut};

/// Pieces smaller than this are copied together.
const SMALL: usize = 64 << 10;

/// Pieces that wait.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pieces: Vec<Bytes>,
    small: BytesMut,
    pub(super) length: u64,
}

impl Buffer {
    pub(super) fn add(&mut self, piece: Bytes) {
        self.length += piece.len() as u64;
        if piece.len() < SMALL {
            self.small.extend_from_slice(&piece);
            if self.small.len() >= SMALL {
                self.close();
            }
        } else {
            self.close();
            self.pieces.push(piece);
        }
    }

    fn close(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push(self.small.split().freeze());
        }
    }

    pub(super) fn take(&mut self) -> Vec<Bytes> {
        self.close();
        self.length = 0;
        std::mem::take(&mut self.pieces)
    }
}
