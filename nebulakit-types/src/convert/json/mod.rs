//! Values of any type that serde knows, as untyped values.
//!
//! [`to_untyped`] and [`from_untyped`] are serde's two halves between a Rust value and [`Untyped`], which [`Json`] sends and takes.

mod fault;
mod from_untyped;
mod to_untyped;

use crate::convert::kind::Kind;
use std::ops::{Deref, DerefMut};

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

pub use self::from_untyped::from_untyped;
pub use self::to_untyped::to_untyped;
use super::NebulaType;
use super::msgpack::{Packer, Unpacker};
use super::reader::LiteralRef;
use super::untyped::Untyped;
use super::writer::Encoder;
use crate::{Dialect, LiteralType, Result};

/// A value of any type that serde reads and writes: tuples, sets, `PathBuf`, `char`, `u128`, types of other crates.
///
/// It travels as [`Untyped`] does, without a declared type: in Python a `dict` where it is a map, else whatever value serde makes of it.
/// The order of entries, NaN, bytes and integer keys are kept. An integer beyond 64 bits is its decimal text.
///
/// ```
/// use nebulakit_types::convert::json::Json;
/// use nebulakit_types::{Dialect, decode, encode};
///
/// let sent = Json((1_i64, 'x', u128::MAX));
/// let bytes = encode(&sent, &Dialect::FLYTE_1)?;
/// assert_eq!(decode::<Json<(i64, char, u128)>>(&bytes)?, sent);
/// # Ok::<_, nebulakit_types::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Serialize + DeserializeOwned + 'static> NebulaType for Json<T> {
    const TAG: &'static str = Untyped::TAG;
    const KIND: Kind = Kind::Struct;

    fn literal_type(dialect: &Dialect) -> LiteralType {
        Untyped::literal_type(dialect)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        to_untyped(&self.0)?.encode(encoder)
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        from_untyped(Untyped::decode(literal)?).map(Self)
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        to_untyped(&self.0)?.pack(packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        from_untyped(Untyped::unpack(unpacker)?).map(Self)
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        Untyped::schema(dialect)
    }
}
