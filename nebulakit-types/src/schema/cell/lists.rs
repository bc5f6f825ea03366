//! Lists of values.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};

use super::{Cell, fits, required};
use crate::{Error, ErrorKind, LiteralType, Result};

fn element<T: Cell>() -> Arc<Field> {
    Arc::new(Field::new_list_field(T::data_type(), T::NULLABLE))
}

impl<T: Cell> Cell for Vec<T> {
    fn data_type() -> DataType {
        DataType::List(element::<T>())
    }

    fn literal_type() -> LiteralType {
        LiteralType::collection(T::literal_type())
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        let values: Vec<_> = values.collect();
        let lengths = values.iter().map(|list| list.map_or(0, Vec::len));
        fits(lengths.clone().sum(), "values in lists")?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls = NullBuffer::from_iter(values.iter().map(Option::is_some));
        let elements = T::collect(values.iter().flatten().flat_map(|list| list.iter().map(Some)))?;
        let array = ListArray::try_new(element::<T>(), offsets, elements, Some(nulls));
        Ok(Arc::new(array.map_err(|error| Error::new(ErrorKind::Unencodable, "the values make no list").with_source(error))?))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        let array = match array.data_type() {
            DataType::List(_) => array.clone(),
            // The elements stay as they are: they are read by their own type.
            DataType::LargeList(element) | DataType::ListView(element) | DataType::FixedSizeList(element, _) => {
                cast(array, &DataType::List(element.clone())).map_err(|error| not_a_list(array.data_type()).with_source(error))?
            }
            DataType::Null => return Ok((0..array.len()).map(|_| None).collect()),
            other => return Err(not_a_list(other)),
        };
        let lists = array.as_list::<i32>();
        let offsets = lists.value_offsets();
        let (first, last) = (at(offsets[0]), at(offsets[lists.len()]));
        let mut elements = required::<T>(&lists.values().slice(first, last - first))?.into_iter();
        let values = (0..lists.len()).map(|index| {
            let list = elements.by_ref().take(at(offsets[index + 1] - offsets[index])).collect();
            lists.is_valid(index).then_some(list)
        });
        Ok(values.collect())
    }
}

fn at(offset: i32) -> usize {
    usize::try_from(offset).unwrap_or_default()
}

fn not_a_list(found: &DataType) -> Error {
    Error::new(ErrorKind::Mismatch, format!("the column holds {found}, which is not read as lists"))
}
