//! A value that is passed through as the literal it came as.

use crate::convert::kind::Kind;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;

use super::NebulaType;
use super::check::check;
use super::msgpack::{Packer, Unpacker};
use super::reader::{LiteralRef, References, offloaded_uris};
use super::shapes::Shapes;
use super::writer::Encoder;
use crate::outbox::Outbox;
use crate::storage::shown;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// A `T` that is kept as its literal: bytes, hash, metadata and unknown fields go out as they came in, unless they came in another
/// sender's form of a `T`.
///
/// For tasks that route values without looking at them. [`Raw::get`] converts when the value is needed after all.
#[derive(Clone)]
pub struct Raw<T> {
    literal: Bytes,
    references: References,
    of: PhantomData<fn() -> T>,
}

impl<T: NebulaType> Raw<T> {
    /// The literal of `value`. Its files and tables have to be in a store already: what is sent on later is only the literal.
    ///
    /// # Errors
    /// When the value cannot be encoded, or holds data that is not stored.
    pub fn new(value: &T, dialect: &'static Dialect) -> Result<Self> {
        let mut encoder = Encoder::sending(dialect, Outbox::closed());
        value.encode(&mut encoder)?;
        Ok(Self { literal: encoder.finish().into(), references: References::none().clone(), of: PhantomData })
    }

    /// The value.
    ///
    /// # Errors
    /// When the literal is not a `T`.
    pub fn get(&self) -> Result<T> {
        T::decode(LiteralRef::new(&self.literal, &self.references))
    }

    /// The bytes of the literal.
    #[must_use]
    pub fn literal(&self) -> &Bytes {
        &self.literal
    }
}

/// Shows only the length: the value may be anything, and the bytes of its literal mean nothing to people.
impl<T> fmt::Debug for Raw<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("bytes", &self.literal.len()).finish_non_exhaustive()
    }
}

impl<T: NebulaType> NebulaType for Raw<T> {
    const TAG: &'static str = T::TAG;
    const IS_UNION: bool = T::IS_UNION;
    const HAS_NONE: bool = T::HAS_NONE;
    const MERGES_NONE: bool = T::MERGES_NONE;
    const KIND: Kind = T::KIND;

    fn tag(dialect: &Dialect) -> &'static str {
        T::tag(dialect)
    }

    fn literal_type(dialect: &Dialect) -> LiteralType {
        T::literal_type(dialect)
    }

    /// A literal in another sender's form of a `T`, such as a bare value for an [`Option`], is written in ours: nothing behind the task
    /// would notice that it is not of the type that `T` declares.
    ///
    /// # Errors
    /// Those of [`Raw::get`].
    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        if check(LiteralRef::new(&self.literal, &self.references), &T::literal_type(encoder.dialect())).is_err() {
            return self.get()?.encode(encoder);
        }
        encoder.raw(&self.literal);
        Ok(())
    }

    /// # Errors
    /// [`ErrorKind::NotFetched`] when the literal has offloaded parts that were not fetched: [`Raw::get`] may ask for them.
    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        for uri in offloaded_uris(literal.bytes())? {
            if literal.references().get(&uri).is_none() {
                let text = format!("the value is offloaded to `{}`, which has not been fetched", shown(&uri));
                return Err(Error::new(ErrorKind::NotFetched, text));
            }
        }
        Ok(Self { literal: Bytes::copy_from_slice(literal.bytes()), references: literal.references().clone(), of: PhantomData })
    }

    /// # Errors
    /// Those of [`Raw::get`]: a struct holds no literals.
    fn pack(&self, packer: &mut Packer) -> Result<()> {
        self.get()?.pack(packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        let value = Self::new(&T::unpack(unpacker)?, &Dialect::FLYTE_1)?;
        Ok(Self { references: unpacker.references().clone(), ..value })
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        T::schema(dialect)
    }

    fn shapes(shapes: &mut Shapes) {
        T::shapes(shapes);
    }

    fn absent() -> Option<Self> {
        // It is rewritten on its way out if the dialect there has another form.
        Self::new(&T::absent()?, &Dialect::FLYTE_1).ok()
    }
}
