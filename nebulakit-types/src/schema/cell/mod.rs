//! What a column of a typed table may hold: [`Cell`] and its implementations, one file per family.

#[cfg(any(feature = "chrono", feature = "jiff"))]
mod clocks;
mod decimals;
mod lists;
mod plain;
mod times;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

pub use decimals::Decimal;

use crate::literal_type::DatasetColumn;
use crate::{Error, ErrorKind, LiteralType, Result};

/// A Rust type whose values make a column of a table.
///
/// Numbers of all widths, [`Decimal`], `bool`, `String`, [`Bytes`](crate::Bytes), times (with the features `chrono` and `jiff` also theirs),
/// `Option` of those, `Vec` of those, and rows in rows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column of a table",
    label = "not a type that columns hold",
    note = "numbers, `Decimal`, bool, String, `Bytes`, times, and `Vec` and `Option` of them do; for a struct of columns, add `#[derive(Row)]` to it"
)]
pub trait Cell: Sized + Send + 'static {
    /// Whether a value may be absent.
    const NULLABLE: bool = false;

    /// The Arrow type that the column is written in.
    fn data_type() -> DataType;

    /// The Flyte type of the column's values, which interfaces name; that of an [`Option`] is that of its values.
    fn literal_type() -> LiteralType;

    /// Adds the columns that interfaces declare for this one: a nested row is declared by its own columns, joined by dots.
    fn declare(name: &str, columns: &mut Vec<DatasetColumn>) {
        columns.push(DatasetColumn { name: name.to_owned(), literal_type: Self::literal_type() });
    }

    /// Makes the column of values.
    ///
    /// # Errors
    /// When a value is outside what the column's type holds.
    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef>;

    /// Reads a column, of this type or of one that loses nothing on the way.
    ///
    /// # Errors
    /// When the column is of another type, or holds a value that this type does not.
    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>>;
}

/// The values of a column in which none is absent, unless the type has a value for those.
///
/// # Errors
/// Those of [`Cell::read`], and [`ErrorKind::Missing`] for an absent value.
pub(super) fn required<T: Cell>(array: &ArrayRef) -> Result<Vec<T>> {
    let values = T::read(array)?.into_iter().enumerate();
    values.map(|(index, value)| value.ok_or_else(|| absent().at_index(index))).collect()
}

#[cold]
fn absent() -> Error {
    Error::new(ErrorKind::Missing, "the value is absent; declare the column as an `Option`")
}

/// Checks that the offsets of one array, which have 31 bits, reach so far.
fn fits(total: usize, what: &str) -> Result<()> {
    if i32::try_from(total).is_ok() {
        return Ok(());
    }
    let message = format!("a column of the batch would hold {total} {what}, and has room for {}; write fewer rows at a time", i32::MAX);
    Err(Error::new(ErrorKind::OutOfRange, message))
}

impl<T: Cell> Cell for Option<T> {
    const NULLABLE: bool = true;

    fn data_type() -> DataType {
        T::data_type()
    }

    fn literal_type() -> LiteralType {
        T::literal_type()
    }

    fn declare(name: &str, columns: &mut Vec<DatasetColumn>) {
        T::declare(name, columns);
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        T::collect(values.map(|value| value.and_then(Option::as_ref)))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        Ok(T::read(array)?.into_iter().map(Some).collect())
    }
}
