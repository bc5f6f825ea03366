//! The first rows of tables, for people.

use std::fmt::Write as _;
use std::time::Duration;

use nebulakit_types::schema::arrow::array::{Array as _, ArrayRef, RecordBatch, make_array};
use nebulakit_types::schema::arrow::datatypes::DataType;
use nebulakit_types::schema::arrow::util::display::{ArrayFormatter, FormatOptions};
use nebulakit_types::schema::{AnyRow, Schema};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Error, ErrorKind, Result, visible};

use crate::process::stores::is_local;
use crate::services::stores::Stores;
use crate::task::failure::chain;

/// How long reading the first rows may take, and counting all of them: nobody waits for more than the outputs.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many rows are shown.
const ROWS: usize = 10;

/// How many columns are shown.
const COLUMNS: usize = 12;

/// How many characters of a value are shown.
const WIDTH: usize = 32;

/// The first rows of the table that is the output `output`, as text. What cannot be read is told in the log.
pub(super) fn head(output: &str, uri: &str, format: &str, stores: &Stores) -> Option<String> {
    let stores = stores.clone();
    let workspace = Workspace::new(move || stores.all().clone(), None, ".");
    let read = nebulakit_types::block_on(within(rows(uri, format, &workspace)));
    match read.unwrap_or_else(|error| Err(Error::new(ErrorKind::Io, error.to_string()))) {
        Ok(head) => Some(head),
        Err(error) => {
            tracing::warn!("cannot show the first rows of `{output}`: {}", chain(&error));
            None
        }
    }
}

async fn within<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::new(ErrorKind::Unavailable, format!("they did not come within {} seconds", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, work).await.map_err(late)?
}

async fn rows(uri: &str, format: &str, workspace: &Workspace) -> Result<String> {
    let schema = Schema::<AnyRow>::from_uri(uri).with_format(format).within(workspace);
    let columns: Vec<_> = schema.columns().await?.fields().iter().map(|field| field.name().clone()).collect();
    let mut batches = schema.clone().read().columns(columns.iter().take(COLUMNS).cloned()).batch_size(ROWS + 1).stream();
    let mut rows: Vec<Vec<String>> = Vec::new();
    while rows.len() <= ROWS
        && let Some(batch) = batches.try_next().await?
    {
        append(&batch, &mut rows);
    }
    let all = if rows.len() <= ROWS {
        Some(rows.len() as u64)
    } else if is_local(uri) || format == "parquet" {
        tokio::time::timeout(PATIENCE / 2, schema.num_rows()).await.ok().transpose()?
    } else {
        // It would be read whole for that.
        None
    };
    rows.truncate(ROWS);
    Ok(laid_out(&columns, &rows, all))
}

fn append(batch: &RecordBatch, rows: &mut Vec<Vec<String>>) {
    let options = FormatOptions::default().with_display_error(true).with_null("none");
    let arrays: Vec<_> = batch.columns().iter().map(in_utc).collect();
    let columns: Vec<_> = arrays.iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options)).collect();
    for row in 0..batch.num_rows().min(ROWS + 1) {
        let cell = |(column, array): (&Result<ArrayFormatter<'_>, _>, &ArrayRef)| match column {
            Ok(column) => cut(&column.value(row).to_string()),
            // Nothing that people would read.
            Err(_) => cut(&format!("<{}>", array.data_type())),
        };
        rows.push(columns.iter().zip(&arrays).map(cell).collect());
    }
}

/// Instants in UTC: other zones are only known by their offsets.
fn in_utc(column: &ArrayRef) -> ArrayRef {
    let DataType::Timestamp(unit, Some(_)) = column.data_type() else { return column.clone() };
    let data = column.to_data().into_builder().data_type(DataType::Timestamp(*unit, Some("+00:00".into())));
    data.build().map_or_else(|_| column.clone(), make_array)
}

/// A value on one line that is not too long.
fn cut(text: &str) -> String {
    let line: String = text.chars().map(|character| if visible::is_control(character) { ' ' } else { character }).take(WIDTH + 1).collect();
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn laid_out(columns: &[String], rows: &[Vec<String>], all: Option<u64>) -> String {
    let names: Vec<_> = columns.iter().take(COLUMNS).map(|name| cut(name)).collect();
    let width = |column: usize| {
        let values = rows.iter().map(|row| row[column].chars().count());
        values.chain([names[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..names.len()).map(width).collect();
    let more = if columns.len() > COLUMNS { "  …" } else { "" };
    let mut text = String::new();
    for row in std::iter::once(&names).chain(rows) {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let line = format!("  {}{more}", cells.join("  "));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let counted = |count: u64, what: &str| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    let rows = match all {
        Some(all) => counted(all, "row"),
        None => format!("more than {ROWS} rows"),
    };
    let _ = writeln!(text, "  ({rows}, {})", counted(columns.len() as u64, "column"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_names() {
        let row = |city: &str, people: &str| vec![city.to_owned(), people.to_owned()];
        let columns = row("city", "people");
        let text = laid_out(&columns, &[row("Oslo", "717710"), row("Å", "none")], Some(2));
        assert_eq!(text, "  city  people\n  Oslo  717710\n  Å     none\n  (2 rows, 2 columns)\n");
        assert_eq!(laid_out(&columns, &[], Some(0)), "  city  people\n  (0 rows, 2 columns)\n");
        assert_eq!(cut(&format!("a\n{}", "b".repeat(40))), format!("a {}…", "b".repeat(30)));
    }
}
