//! Rows inside rows: columns of structs.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Fields};

use super::cell::Cell;
use super::places::place_of;
use super::row::{self, Row};
use crate::literal_type::{DatasetColumn, SimpleType};
use crate::{Error, ErrorKind, LiteralType, Result};

fn fields<R: Row>() -> Fields {
    R::columns().iter().map(row::Column::field).collect()
}

impl<R: Row> Cell for R {
    fn data_type() -> DataType {
        DataType::Struct(fields::<R>())
    }

    fn literal_type() -> LiteralType {
        LiteralType::simple(SimpleType::Struct)
    }

    fn declare(name: &str, columns: &mut Vec<DatasetColumn>) {
        for column in R::columns() {
            column.declare(&format!("{name}.{}", column.name()), columns);
        }
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        let rows: Vec<_> = values.collect();
        let nulls = NullBuffer::from_iter(rows.iter().map(Option::is_some));
        let array = StructArray::try_new(fields::<R>(), R::to_arrays(&rows)?, Some(nulls));
        Ok(Arc::new(array.map_err(|error| Error::new(ErrorKind::Unencodable, "the values make no struct").with_source(error))?))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        let Some(structs) = array.as_struct_opt() else {
            if *array.data_type() == DataType::Null {
                return Ok((0..array.len()).map(|_| None).collect());
            }
            return Err(Error::new(ErrorKind::Mismatch, format!("the column holds {}, which is not read as a row", array.data_type())));
        };
        // What lies under an absent row has no values that could be read.
        let present: Vec<u32> =
            (0..array.len()).filter(|index| structs.is_valid(*index)).filter_map(|index| u32::try_from(index).ok()).collect();
        let all = present.len() == array.len();
        let indices = arrow::array::UInt32Array::from(present);
        let names: Vec<_> = structs.column_names();
        let arrays = R::columns().into_iter().map(|column| {
            let found = structs.column(place_of(column.name(), names.iter().copied())?);
            if all {
                return Ok(found.clone());
            }
            arrow::compute::take(found, &indices, None)
                .map_err(|error| Error::new(ErrorKind::Corrupt, "the structs of a column are broken").with_source(error))
        });
        let mut rows = R::from_arrays(&arrays.collect::<Result<Vec<_>>>()?)?.into_iter();
        Ok((0..structs.len()).map(|index| if structs.is_valid(index) { rows.next() } else { None }).collect())
    }
}
