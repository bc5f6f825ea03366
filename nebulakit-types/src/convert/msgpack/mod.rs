//! msgpack, the form of structs and untyped values: written forwards into a buffer, read from borrowed bytes.

mod packer;
mod unpacker;

pub use self::packer::Packer;
pub use self::unpacker::{Leniency, Packed, Unpacker};
use super::reader::References;
pub use super::structlike::unpack_literal;
use crate::Result;

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
