//! Typed rows: a plain struct whose fields are the columns of a table.

use std::borrow::Borrow;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema as ArrowSchema, SchemaRef};

use super::cell::{Cell, required};
use super::places::{missing, place_of};
use crate::literal_type::DatasetColumn;
use crate::{Error, ErrorKind, Result};

/// What a table's type says of its columns: those of a [`Row`], or nothing ([`AnyRow`]).
pub trait Columns: Send + Sync + 'static {
    /// The declared columns, in their order; [`None`] where the type leaves them open.
    fn declared() -> Option<Vec<Column>>;

    /// The format that the type declares, such as `csv`; empty where any is good, and Parquet is written.
    fn format() -> &'static str {
        ""
    }
}

/// Any columns: what an untyped [`Schema`](super::Schema) has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyRow {}

impl Columns for AnyRow {
    fn declared() -> Option<Vec<Column>> {
        None
    }
}

/// A struct whose fields are columns; `#[derive(Row)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of a table",
    label = "has no columns",
    note = "add `#[derive(Row)]` to the struct; a table of columns that only its file knows is a `Schema` without a type"
)]
pub trait Row: Sized + Send + Sync + 'static {
    /// The columns, in the order of the fields.
    fn columns() -> Vec<Column>;

    /// The values of some rows, column by column; an absent row is absent in every column.
    ///
    /// # Errors
    /// When a value is outside what its column holds, with the column's name.
    fn to_arrays(rows: &[Option<&Self>]) -> Result<Vec<ArrayRef>>;

    /// Rows of the values of the columns, which come in the order of [`Row::columns`] and are equally long.
    ///
    /// # Errors
    /// When a column is of another type, or lacks a value, with its name.
    fn from_arrays(arrays: &[ArrayRef]) -> Result<Vec<Self>>;
}

impl<R: Row> Columns for R {
    fn declared() -> Option<Vec<Column>> {
        Some(R::columns())
    }
}

/// A declared column.
#[derive(Debug, Clone)]
pub struct Column {
    name: &'static str,
    field: fn(&str) -> Field,
    declare: fn(&str, &mut Vec<DatasetColumn>),
}

impl Column {
    /// The column's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The column as Arrow has it.
    #[must_use]
    pub fn field(&self) -> Field {
        (self.field)(self.name)
    }

    /// Adds the columns by which interfaces declare this one, under the name `name`.
    pub(super) fn declare(&self, name: &str, columns: &mut Vec<DatasetColumn>) {
        (self.declare)(name, columns);
    }
}

/// The columns as interfaces declare them (Flyte task contract, "tabular").
pub(super) fn dataset_columns(columns: &[Column]) -> Vec<DatasetColumn> {
    let mut declared = Vec::new();
    columns.iter().for_each(|column| column.declare(column.name, &mut declared));
    declared
}

/// Makes the values of one column.
type Collect<T> = for<'a> fn(&mut (dyn Iterator<Item = Option<&'a T>> + 'a)) -> Result<ArrayRef>;

/// One field of a row, typed.
///
/// The bound on `T` is named once, in [`RowField::new`], so that a field of an unsupported type is exactly one error.
pub struct RowField<T> {
    column: Column,
    collect: Collect<T>,
    read: fn(&ArrayRef) -> Result<Vec<T>>,
}

impl<T> std::fmt::Debug for RowField<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowField").field("name", &self.column.name).finish_non_exhaustive()
    }
}

impl<T> RowField<T> {
    /// A column called `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self
    where
        T: Cell,
    {
        Self {
            column: Column { name, field: |name| Field::new(name, T::data_type(), T::NULLABLE), declare: T::declare },
            collect: |values| T::collect(values),
            read: required::<T>,
        }
    }
}

impl<T> RowField<T> {
    /// The column.
    #[must_use]
    pub fn column(&self) -> Column {
        self.column.clone()
    }

    /// The values of this field in some rows.
    ///
    /// # Errors
    /// Those of [`Cell::collect`], with the column's name.
    pub fn collect<'a, R>(&self, rows: &'a [Option<&'a R>], field: fn(&R) -> &T) -> Result<ArrayRef>
    where
        T: 'a,
    {
        let mut values = rows.iter().map(|row| row.map(field));
        (self.collect)(&mut values).map_err(|error| error.at_field(self.column.name))
    }

    /// The values of the column at `index`.
    ///
    /// # Errors
    /// Those of [`Cell::read`], with the column's name.
    pub fn read(&self, arrays: &[ArrayRef], index: usize) -> Result<std::vec::IntoIter<T>> {
        let array = arrays.get(index).ok_or_else(|| missing(self.column.name, &[]))?;
        Ok((self.read)(array).map_err(|error| error.at_field(self.column.name))?.into_iter())
    }
}

/// The columns of a typed row as Arrow has them, for formats that store no types.
pub(super) fn declared<R: Columns>() -> Option<SchemaRef> {
    R::declared().map(|columns| Arc::new(ArrowSchema::new(columns.iter().map(Column::field).collect::<Vec<_>>())))
}

/// The Arrow schema of a typed row.
pub(super) fn arrow_schema<R: Row>() -> SchemaRef {
    Arc::new(ArrowSchema::new(R::columns().iter().map(Column::field).collect::<Vec<_>>()))
}

/// A batch of typed rows.
///
/// # Errors
/// Those of [`Row::to_arrays`].
pub fn batch_of<R: Row>(rows: &[R]) -> Result<RecordBatch> {
    batch_of_borrowed(rows)
}

/// The same of rows that may be borrowed.
pub(super) fn batch_of_borrowed<R: Row, B: Borrow<R>>(rows: &[B]) -> Result<RecordBatch> {
    let rows: Vec<_> = rows.iter().map(|row| Some(row.borrow())).collect();
    RecordBatch::try_new(arrow_schema::<R>(), R::to_arrays(&rows)?)
        .map_err(|error| Error::new(ErrorKind::Unencodable, "the rows make no batch").with_source(error))
}

/// The typed rows of a batch, whatever other columns there are.
///
/// # Errors
/// [`ErrorKind::Missing`] for a column that is not there, and those of [`Row::from_arrays`].
pub fn rows_of<R: Row>(batch: &RecordBatch) -> Result<Vec<R>> {
    let names = batch.schema_ref().fields().iter().map(|field| field.name().as_str());
    let arrays = R::columns().into_iter().map(|column| Ok(batch.column(place_of(column.name(), names.clone())?).clone()));
    R::from_arrays(&arrays.collect::<Result<Vec<_>>>()?)
}
