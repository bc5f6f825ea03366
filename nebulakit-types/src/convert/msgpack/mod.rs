//! msgpack, the form of structs and untyped values: written forwards into a buffer, read from borrowed bytes.

mod packer;
mod unpacker;

pub use self::packer::Packer;
pub use self::unpacker::{Leniency, Packed, Unpacker};
use super::pickle;
use super::reader::{LiteralRef, LiteralView, References};
use super::untyped;
use crate::{Dialect, Error, ErrorKind, Result};

/// Reads a struct-like literal: msgpack as it is, or the older `google.protobuf.Struct` turned into it.
///
/// # Errors
/// [`ErrorKind::Mismatch`] for other literals or another tag, and those of `read`.
pub fn unpack_literal<T>(literal: LiteralRef<'_>, expected: &str, read: impl FnOnce(&mut Unpacker<'_>) -> Result<T>) -> Result<T> {
    match literal.view()? {
        LiteralView::Binary(bytes, "msgpack") => whole_with(bytes, literal.references(), read),
        view @ LiteralView::Binary(bytes, "") if pickle::read(bytes).is_some() => Err(view.mismatch(expected)),
        LiteralView::Binary(_, tag) => {
            Err(Error::new(ErrorKind::Mismatch, format!("expected {expected} as binary with the tag `msgpack`, found the tag `{tag}`")))
        }
        LiteralView::Generic(bytes) => {
            let mut packer = Packer::new(&Dialect::FLYTE_1);
            untyped::from_generic(bytes)?.pack_into(&mut packer)?;
            whole_with(&packer.finish(), literal.references(), read)
        }
        other => Err(other.mismatch(expected)),
    }
}

/// Reads exactly one value from `bytes`.
pub(crate) fn whole<'a, T>(bytes: &'a [u8], read: impl FnOnce(&mut Unpacker<'a>) -> Result<T>) -> Result<T> {
    whole_with(bytes, References::none(), read)
}

/// The same for a value that may hold files or tables.
pub(crate) fn whole_with<'a, T>(
    bytes: &'a [u8],
    references: &'a References,
    read: impl FnOnce(&mut Unpacker<'a>) -> Result<T>,
) -> Result<T> {
    let mut unpacker = Unpacker::new(bytes).with(references);
    let value = read(&mut unpacker)?;
    unpacker.end()?;
    Ok(value)
}
