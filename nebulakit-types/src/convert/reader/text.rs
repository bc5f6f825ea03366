//! Texts: checked where they lie, or while they are copied.

use super::fields::corrupt;
use crate::{Error, Result};

pub(crate) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| not_utf8(error.valid_up_to()))
}

fn not_utf8(from: usize) -> Error {
    corrupt(format!("the text is not UTF-8 from byte {from} on"))
}

/// So much of a text is checked and copied at a time: it is still in the processor's cache when it is copied.
pub(super) const PIECE: usize = 64 * 1024;

/// A copy of a long text: each piece is checked and copied while it is at hand, so that memory is read once.
pub(crate) fn copied(bytes: &[u8]) -> Result<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let piece = &rest[..rest.len().min(PIECE)];
        let valid = match std::str::from_utf8(piece) {
            Ok(valid) => valid,
            // A character that begins in this piece ends in the next one.
            Err(error) if error.error_len().is_none() && piece.len() < rest.len() => utf8(&piece[..error.valid_up_to()])?,
            Err(error) => return Err(not_utf8(text.len() + error.valid_up_to())),
        };
        text.push_str(valid);
        rest = &rest[valid.len()..];
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::{LiteralRef, References};
    use super::*;
    use crate::{Dialect, ErrorKind, decode, encode};

    #[test]
    fn long_texts_are_whole_wherever_a_character_meets_the_edge_of_a_piece() {
        for before in 0..4 {
            let text = "x".repeat(before) + &"a\u{e9}\u{20ac}\u{1f600}".repeat(PIECE / 4);
            let bytes = encode(&text, &Dialect::FLYTE_1).unwrap();
            assert!(LiteralRef::new(&bytes, References::none()).long_text().is_some());
            assert!(decode::<String>(&bytes).unwrap() == text);
            assert!(decode::<Vec<String>>(&encode(&vec![text.clone()], &Dialect::FLYTE_1).unwrap()).unwrap() == [text]);
        }
    }

    #[test]
    fn a_long_text_that_is_none_says_from_where_on() {
        for (at, wrong) in [(PIECE + 7, 0xff), (3 * PIECE - 1, 0xc3)] {
            let mut bytes = encode(&"x".repeat(3 * PIECE), &Dialect::FLYTE_1).unwrap();
            let start = bytes.len() - 3 * PIECE;
            bytes[start + at] = wrong;
            let error = decode::<String>(&bytes).unwrap_err();
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::Corrupt, format!("the text is not UTF-8 from byte {at} on")));
        }
    }
}
