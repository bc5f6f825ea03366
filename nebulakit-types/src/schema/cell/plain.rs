//! Numbers, booleans, texts and bytes.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::array::{AsArray as _, types};
use arrow::datatypes::DataType;

use super::super::widen::widen;
use super::{Cell, fits};
use crate::literal_type::SimpleType;
use crate::{Bytes, LiteralType, Result};

macro_rules! numbers {
    ($($number:ty => $arrow:ident, $simple:ident;)*) => {$(
        impl Cell for $number {
            fn data_type() -> DataType {
                DataType::$arrow
            }

            fn literal_type() -> LiteralType {
                LiteralType::simple(SimpleType::$simple)
            }

            fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
                Ok(Arc::new(values.map(Option::<&Self>::copied).collect::<PrimitiveArray<numbers!(@ $arrow)>>()))
            }

            fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
                Ok(widen(array, &Self::data_type())?.as_primitive::<numbers!(@ $arrow)>().iter().collect())
            }
        }
    )*};
    (@ Int8) => { types::Int8Type };
    (@ Int16) => { types::Int16Type };
    (@ Int32) => { types::Int32Type };
    (@ Int64) => { types::Int64Type };
    (@ UInt8) => { types::UInt8Type };
    (@ UInt16) => { types::UInt16Type };
    (@ UInt32) => { types::UInt32Type };
    (@ UInt64) => { types::UInt64Type };
    (@ Float32) => { types::Float32Type };
    (@ Float64) => { types::Float64Type };
}

numbers! {
    i8 => Int8, Integer;
    i16 => Int16, Integer;
    i32 => Int32, Integer;
    i64 => Int64, Integer;
    u8 => UInt8, Integer;
    u16 => UInt16, Integer;
    u32 => UInt32, Integer;
    u64 => UInt64, Integer;
    f32 => Float32, Float;
    f64 => Float64, Float;
}

impl Cell for bool {
    fn data_type() -> DataType {
        DataType::Boolean
    }

    fn literal_type() -> LiteralType {
        LiteralType::simple(SimpleType::Boolean)
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        Ok(Arc::new(values.map(|value| value.copied()).collect::<BooleanArray>()))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        Ok(widen(array, &Self::data_type())?.as_boolean().iter().collect())
    }
}

impl Cell for String {
    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn literal_type() -> LiteralType {
        LiteralType::simple(SimpleType::String)
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        let values: Vec<_> = values.collect();
        fits(values.iter().flatten().map(|text| text.len()).sum(), "bytes of text")?;
        Ok(Arc::new(values.into_iter().collect::<StringArray>()))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        Ok(widen(array, &Self::data_type())?.as_string::<i32>().iter().map(|value| value.map(str::to_owned)).collect())
    }
}

/// Declared as text, as flytekit declares columns of bytes.
impl Cell for Bytes {
    fn data_type() -> DataType {
        DataType::Binary
    }

    fn literal_type() -> LiteralType {
        LiteralType::simple(SimpleType::String)
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        let values: Vec<_> = values.collect();
        fits(values.iter().flatten().map(|bytes| bytes.len()).sum(), "bytes")?;
        Ok(Arc::new(values.into_iter().collect::<BinaryArray>()))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        let array = widen(array, &Self::data_type())?;
        Ok(array.as_binary::<i32>().iter().map(|value| value.map(Self::copy_from_slice)).collect())
    }
}
