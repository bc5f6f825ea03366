//! A table that is stored: its parts, opened, and what the folders of partitions put to each.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, Scalar, StringArray, UInt64Array, new_null_array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema as ArrowSchema, SchemaRef};

use super::filter::{Bounds, Filter, may_match};
use super::format::{ReadRequest, TableFormat, TablePart, index_of};
use super::parts::{self, Part};
use super::places::{Places, batch};
use super::row::{Columns, declared};
use super::widen::widen;
use super::{Schema, formats, no_batches};
use crate::data::workspace;
use crate::storage::{Storage, shown};
use crate::{Error, ErrorKind, Result};

/// A table that is stored somewhere in some format.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) storage: Storage,
    pub(super) uri: String,
    pub(super) format: Arc<dyn TableFormat>,
    /// The columns that the type declares.
    pub(super) declared: Option<SchemaRef>,
}

impl<R: Columns> Schema<R> {
    /// The table as it is stored.
    pub(super) fn table(&self) -> Result<Table> {
        let uri = self.uri().ok_or_else(no_batches)?;
        let format = if self.format.is_empty() && formats::of_name(uri).is_empty() { R::format() } else { &self.format };
        at(workspace(self.workspace.as_ref(), Some(uri))?.storage(), uri, format, declared::<R>())
    }
}

impl Table {
    pub(super) async fn parts(&self) -> Result<Vec<Part>> {
        parts::find(&self.storage, &self.uri, self.format.object_name()).await
    }

    pub(super) async fn open(&self, part: Part) -> Result<Opened> {
        let url = part.object.url().to_owned();
        let opened = self.format.open(part.object, self.declared.clone()).await?;
        let stored = opened.schema();
        let (repeated, partitions): (Vec<_>, Vec<_>) =
            part.partitions.into_iter().partition(|(name, _)| stored.column_with_name(name).is_some());
        let partitions = partitions.into_iter().map(|(name, value)| self.partition(name, value)).collect::<Result<_>>()?;
        let repeated = repeated.into_iter().map(|(name, value)| {
            let field = stored.fields()[index_of(&stored, &name)?].clone();
            Ok(Partition { value: parsed(&name, value.as_deref(), field.data_type())?, field })
        });
        let repeated = repeated.collect::<Result<Vec<_>>>();
        let repeated = repeated.map_err(|error| part_of(&url, error))?.into();
        Ok(Opened { url, part: opened, partitions, repeated })
    }

    /// A column of partitions: text, unless the type declares another.
    fn partition(&self, name: String, value: Option<String>) -> Result<Partition> {
        let declared = self.declared.as_ref().and_then(|declared| declared.field_with_name(&name).ok());
        let data_type = declared.map_or(DataType::Utf8, |field| field.data_type().clone());
        let value = parsed(&name, value.as_deref(), &data_type)?;
        Ok(Partition { field: Arc::new(Field::new(name, data_type, true)), value })
    }
}

/// What the name of a folder says, as a value of the column's type.
fn parsed(name: &str, value: Option<&str>, data_type: &DataType) -> Result<ArrayRef> {
    let text: ArrayRef = Arc::new(StringArray::from(vec![value]));
    cast_with_options(&text, data_type, &CastOptions { safe: false, ..CastOptions::default() }).map_err(|error| {
        let message = format!("the value {:?} of the partition is not a valid {data_type}", value.unwrap_or_default());
        Error::new(ErrorKind::Mismatch, message).with_source(error).at_field(name)
    })
}

/// Says in which part it was.
fn part_of(url: &str, error: Error) -> Error {
    let url = shown(url);
    if error.message().contains(&*url) {
        return error;
    }
    let message = format!("{} (in `{url}`)", error.message());
    error.saying(message)
}

/// What a folder says of all rows below it.
struct Partition {
    field: FieldRef,
    /// One value.
    value: ArrayRef,
}

/// A part whose columns are known.
pub(super) struct Opened {
    url: String,
    pub(super) part: Arc<dyn TablePart>,
    partitions: Vec<Partition>,
    /// What folders say of columns that the part has itself.
    repeated: Arc<[Partition]>,
}

impl Opened {
    /// All columns, those of partitions last.
    pub(super) fn schema(&self) -> SchemaRef {
        let stored = self.part.schema();
        let partitions = self.partitions.iter().map(|partition| partition.field.clone());
        Arc::new(ArrowSchema::new_with_metadata(
            stored.fields().iter().cloned().chain(partitions).collect::<Vec<_>>(),
            stored.metadata().clone(),
        ))
    }

    /// Says in which part it was.
    pub(super) fn named(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Missing | ErrorKind::Ambiguous => part_of(&self.url, error),
            _ => error,
        }
    }

    /// What is asked of the part itself, and what is done to its batches then; [`None`] where none of its rows can be wanted.
    pub(super) fn plan(&self, request: &ReadRequest, types: &SchemaRef) -> Result<Option<Plan>> {
        let schema = self.schema();
        let columns = request.columns.clone().unwrap_or_default();
        let places = Places::of(&schema);
        for name in &columns {
            places.place(name).map_err(|error| self.named(error))?;
        }
        let is_partition = |name: &str| self.partitions.iter().any(|partition| partition.field.name() == name);
        let (inside, outside) = match request.filter.clone() {
            Some(filter) => filter.split(|part| part.columns().iter().any(|name| is_partition(name))),
            None => (None, None),
        };
        if let Some(outside) = &outside
            && !self.can_match(outside, &schema)?
        {
            return Ok(None);
        }
        let mut stored: Vec<String> = columns.iter().filter(|name| !is_partition(name)).cloned().collect();
        for name in outside.iter().flat_map(Filter::columns).filter(|name| !is_partition(name)) {
            if !stored.iter().any(|column| column == name) {
                stored.push(name.to_owned());
            }
        }
        let places = Places::of(types);
        let fields = columns.iter().map(|name| Ok(types.field(places.place(name)?).clone().into())).collect::<Result<Vec<FieldRef>>>();
        Ok(Some(Plan {
            inner: Arc::new(ReadRequest { columns: Some(stored), filter: inside, batch_size: request.batch_size }),
            partitions: self.partitions.iter().map(|partition| (partition.field.clone(), partition.value.clone())).collect(),
            outside,
            fields: fields?,
            repeated: self.repeated.clone(),
            url: self.url.clone(),
        }))
    }

    /// Whether a row of this part can meet the condition, as far as its folders tell.
    fn can_match(&self, filter: &Filter, schema: &SchemaRef) -> Result<bool> {
        let bound = filter.bind(schema)?;
        let possible = may_match(&bound, 1, &mut |name| {
            let partition = self.partitions.iter().find(|partition| partition.field.name() == name)?;
            let nulls = u64::from(arrow::array::Array::is_null(&partition.value, 0));
            Some(Bounds { least: partition.value.clone(), greatest: partition.value.clone(), nulls: vec![Some(nulls)], rows: vec![1] })
        });
        Ok(possible.into_iter().all(|possible| possible))
    }
}

/// How the batches of a part become those of the table.
pub(super) struct Plan {
    pub(super) inner: Arc<ReadRequest>,
    partitions: Vec<(FieldRef, ArrayRef)>,
    /// The part of the filter that speaks of partitions.
    outside: Option<Filter>,
    /// The columns as the table has them.
    fields: Vec<FieldRef>,
    repeated: Arc<[Partition]>,
    url: String,
}

impl Plan {
    pub(super) fn finish(&self, found: &RecordBatch) -> Result<RecordBatch> {
        let rows = found.num_rows();
        self.agree(found)?;
        let mut whole = found.clone();
        if !self.partitions.is_empty() {
            let (mut fields, mut columns) = (found.schema_ref().fields().to_vec(), found.columns().to_vec());
            for (field, value) in &self.partitions {
                fields.push(field.clone());
                columns.push(repeated(value, rows)?);
            }
            whole = batch(fields, columns, rows)?;
        }
        if let Some(outside) = &self.outside {
            whole = outside.apply(&whole)?;
        }
        let schema = whole.schema();
        let places = Places::of(&schema);
        let columns = self.fields.iter().map(|field| {
            let column = whole.column(places.place(field.name())?);
            widen(column, field.data_type()).map_err(|error| error.at_field(field.name()))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let fields = self.fields.iter().zip(&columns).map(|(field, column)| {
            // One part may have gaps where another has none.
            let gaps = arrow::array::Array::logical_null_count(column) > 0;
            if gaps && !field.is_nullable() { Arc::new(Field::clone(field).with_nullable(true)) } else { field.clone() }
        });
        batch(fields.collect(), columns, whole.num_rows())
    }

    /// Checks that columns that stand in the part and in the names of its folders hold the same.
    fn agree(&self, found: &RecordBatch) -> Result<()> {
        for Partition { field, value } in self.repeated.iter() {
            let Some(column) = found.column_by_name(field.name()) else { continue };
            let same = not_distinct(column, &Scalar::new(value.clone())).is_ok_and(|same| same.true_count() == column.len());
            if !same {
                let message = format!("the column has another value than the folder of `{}` says", shown(&self.url));
                return Err(Error::new(ErrorKind::Ambiguous, message).at_field(field.name()));
            }
        }
        Ok(())
    }
}

/// A value, as often as there are rows.
fn repeated(value: &ArrayRef, rows: usize) -> Result<ArrayRef> {
    if arrow::array::Array::is_null(value, 0) {
        return Ok(new_null_array(value.data_type(), rows));
    }
    arrow::compute::take(value, &UInt64Array::from(vec![0; rows]), None)
        .map_err(|error| Error::new(ErrorKind::Corrupt, "the value of a partition cannot be repeated").with_source(error))
}

impl Table {
    /// The columns of the table: those of its first part.
    pub(super) async fn schema(&self) -> Result<SchemaRef> {
        let first = self.parts().await?.into_iter().next();
        let first = first.ok_or_else(|| Error::new(ErrorKind::NotFound, "the table has no parts"))?;
        Ok(self.open(first).await?.schema())
    }

    /// Where the table at `uri` has its one object.
    pub(super) fn object_url(&self) -> String {
        parts::first(&self.uri, self.format.object_name())
    }
}

/// The table at `uri`, in the format that is named, else the one that the URI speaks of, else the default.
pub(super) fn at(storage: &Storage, uri: &str, format: &str, declared: Option<SchemaRef>) -> Result<Table> {
    let format = if format.is_empty() { formats::of_name(uri) } else { format };
    Ok(Table { storage: storage.clone(), uri: uri.to_owned(), format: formats::find(format)?, declared })
}
