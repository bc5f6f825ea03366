//! Types that hold others and travel as they do: boxes, shared values, and arrays.

use crate::convert::kind::Kind;
use std::sync::Arc;

use super::NebulaType;
use super::msgpack::{Packer, Unpacker};
use super::reader::LiteralRef;
use super::shapes::Shapes;
use super::writer::Encoder;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        /// Travels as what it points at.
        impl<T: NebulaType> NebulaType for $pointer<T> {
            const TAG: &'static str = T::TAG;
            const IS_UNION: bool = T::IS_UNION;
            const IS_NOTHING: bool = T::IS_NOTHING;
            const HAS_NONE: bool = T::HAS_NONE;
            const KIND: Kind = T::KIND;
            const MERGES_NONE: bool = T::MERGES_NONE;

            fn tag(dialect: &Dialect) -> &'static str {
                T::tag(dialect)
            }

            fn literal_type(dialect: &Dialect) -> LiteralType {
                T::literal_type(dialect)
            }

            fn encode(&self, encoder: &mut Encoder) -> Result<()> {
                T::encode(self, encoder)
            }

            fn decode(literal: LiteralRef<'_>) -> Result<Self> {
                T::decode(literal).map(Self::new)
            }

            fn pack(&self, packer: &mut Packer) -> Result<()> {
                T::pack(self, packer)
            }

            fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                T::unpack(unpacker).map(Self::new)
            }

            fn schema(dialect: &Dialect) -> serde_json::Value {
                T::schema(dialect)
            }

            fn absent() -> Option<Self> {
                T::absent().map(Self::new)
            }

            fn shapes(shapes: &mut Shapes) {
                T::shapes(shapes);
            }
        }
    )*};
}

pointers!(Box Arc);

/// Travels as a list, which has exactly `N` elements when it comes back.
impl<T: NebulaType, const N: usize> NebulaType for [T; N] {
    const TAG: &'static str = Vec::<T>::TAG;
    const KIND: Kind = Kind::List(&T::KIND);
    const MERGES_NONE: bool = T::MERGES_NONE;

    fn literal_type(dialect: &Dialect) -> LiteralType {
        Vec::<T>::literal_type(dialect)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.collection(self, |encoder, element| element.encode(encoder))
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        exactly(Vec::decode(literal)?)
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        packer.array(N)?;
        self.iter().enumerate().try_for_each(|(index, element)| element.pack(packer).map_err(|error| error.at_index(index)))
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        exactly(Vec::unpack(unpacker)?)
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        Vec::<T>::schema(dialect)
    }

    fn shapes(shapes: &mut Shapes) {
        T::shapes(shapes);
    }
}

fn exactly<T, const N: usize>(elements: Vec<T>) -> Result<[T; N]> {
    elements.try_into().map_err(|elements: Vec<T>| {
        Error::new(ErrorKind::OutOfRange, format!("expected a list of exactly {N} elements, found one of {}", elements.len()))
    })
}
