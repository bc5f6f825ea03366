//! From the type that a column is stored in to the type that is declared, as long as nothing is lost.

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;

use crate::{Error, ErrorKind, Result};

const STRICT: CastOptions<'static> = CastOptions { safe: false, format_options: arrow::util::display::FormatOptions::new() };

/// The array as one of type `to`.
///
/// Numbers become any type of number that holds each of them exactly: pandas writes whole numbers with gaps as floats. Texts and bytes
/// change between their forms. Dictionaries are opened.
///
/// # Errors
/// [`ErrorKind::Mismatch`] for types that have nothing to do with each other, [`ErrorKind::OutOfRange`] for a value that would change.
pub(super) fn widen(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let from = array.data_type();
    if from == to {
        return Ok(array.clone());
    }
    match (from, to) {
        (DataType::Null, _) => Ok(new_null_array(to, array.len())),
        (DataType::Dictionary(_, values), _) => widen(&cast(array, values)?, to),
        (DataType::RunEndEncoded(_, values), _) => widen(&cast(array, values.data_type())?, to),
        _ if from.is_numeric() && to.is_numeric() && !decimal(from) && !decimal(to) => number(array, to),
        _ if text(from) && text(to) || bytes(from) && bytes(to) || text(from) && bytes(to) || bytes(from) && text(to) => cast(array, to),
        _ if decimal(from) && decimal(to) => number(array, to),
        _ => Err(Error::new(ErrorKind::Mismatch, format!("the column holds {from}, which is not read as {to}"))),
    }
}

fn number(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let cast = cast(array, to)?;
    let back = cast_with_options(&cast, array.data_type(), &STRICT);
    if back.is_ok_and(|back| back.to_data() == array.to_data() || same(&back, array)) {
        return Ok(cast);
    }
    Err(Error::new(ErrorKind::OutOfRange, format!("the column holds {} that {to} cannot hold exactly", array.data_type())))
}

/// Equal, where what lies under nulls differs.
fn same(left: &ArrayRef, right: &ArrayRef) -> bool {
    use arrow::compute::kernels::cmp::distinct;
    distinct(left, right).is_ok_and(|distinct| distinct.true_count() == 0)
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    cast_with_options(array, to, &STRICT).map_err(|error| {
        Error::new(ErrorKind::OutOfRange, format!("the column holds {} that {to} cannot hold", array.data_type())).with_source(error)
    })
}

fn decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..))
}

fn text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn bytes(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_))
}
