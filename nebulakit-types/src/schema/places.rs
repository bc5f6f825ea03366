//! Columns by their names, and batches of columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema as ArrowSchema};

use crate::{Error, ErrorKind, Result};

/// A declared column that is not among `names`.
#[cold]
pub(super) fn missing(name: &str, names: &[&str]) -> Error {
    let there = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let there = if there.is_empty() { "no columns".to_owned() } else { there };
    Error::new(ErrorKind::Missing, format!("there is no column `{name}`; the table has {there}"))
}

/// Up to this many columns, a search is faster than a map.
const FEW: usize = 32;

/// The place of a column among those of a table, or of a struct.
pub(super) fn place_of<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Result<usize> {
    let mut places = names.clone().enumerate().filter(|(_, other)| *other == name).map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(twice(name)),
        (None, _) => Err(missing(name, &names.collect::<Vec<_>>())),
    }
}

/// The places of columns, for looking up more than a few.
pub(super) struct Places<'a> {
    names: Vec<&'a str>,
    /// Where there are many: the first place of each name, and whether it is the only one.
    known: Option<HashMap<&'a str, (usize, bool)>>,
}

impl<'a> Places<'a> {
    pub(super) fn of(schema: &'a ArrowSchema) -> Self {
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let known = (names.len() > FEW).then(|| {
            let mut known = HashMap::with_capacity(names.len());
            for (place, name) in names.iter().enumerate() {
                known.entry(*name).and_modify(|(_, alone)| *alone = false).or_insert((place, true));
            }
            known
        });
        Self { names, known }
    }

    /// As [`place_of`].
    pub(super) fn place(&self, name: &str) -> Result<usize> {
        match self.known.as_ref().map(|known| known.get(name)) {
            None => place_of(name, self.names.iter().copied()),
            Some(Some((place, true))) => Ok(*place),
            Some(Some(_)) => Err(twice(name)),
            Some(None) => Err(missing(name, &self.names)),
        }
    }
}

/// Nobody can say which of two columns of one name is meant.
#[cold]
pub(super) fn twice(name: &str) -> Error {
    Error::new(ErrorKind::Ambiguous, format!("the name `{name}` occurs twice among the columns; give each a name of its own"))
}

/// A batch of these columns.
pub(super) fn batch(fields: Vec<Arc<Field>>, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let schema = Arc::new(ArrowSchema::new(fields));
    RecordBatch::try_new_with_options(schema, columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
        .map_err(|error| Error::new(ErrorKind::Corrupt, "the columns make no batch").with_source(error))
}
