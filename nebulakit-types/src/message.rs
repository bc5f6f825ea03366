//! Messages from wire bytes, whatever they say, and how deep they may nest.

use prost::Message;

use crate::error::{Error, ErrorKind, Result};

/// How many messages deep the bytes of a type, a literal or an interface may nest: the limit that protobuf's Python and Rust readers share.
///
/// A list takes two messages per level, a union or a struct's field three.
pub const MAX_NESTED_MESSAGES: usize = 100;

/// Decodes a message; `what` names it in errors, with its article.
pub(crate) fn decode_message<M: Message + Default>(bytes: &[u8], what: &str) -> Result<M> {
    M::decode(bytes).map_err(|source| {
        // The reader tells depth from damage only by its text; a change of that text makes the kind coarser, not wrong.
        if source.to_string().contains("recursion limit") {
            Error::new(ErrorKind::TooDeep, format!("{what} nested deeper than {MAX_NESTED_MESSAGES} messages"))
        } else {
            Error::new(ErrorKind::Corrupt, format!("bytes that are not {what}")).with_source(source)
        }
    })
}
