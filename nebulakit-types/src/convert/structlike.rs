//! Literals of structs: msgpack, or the older `google.protobuf.Struct`.

use super::msgpack::{Packer, Unpacker, whole_with};
use super::reader::{LiteralRef, LiteralView};
use super::{pickle, untyped};
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
