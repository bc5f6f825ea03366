//! Errors of Arrow and Parquet as errors of this crate.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use crate::storage::shown;
use crate::{Error, ErrorKind};

/// The table at `url` cannot be read.
pub(super) fn unreadable(url: &str, error: ArrowError) -> Error {
    of_arrow(|| table(url), error)
}

/// The Parquet file at `url` cannot be read.
pub(super) fn bad_parquet(url: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => match inner.downcast::<ArrowError>() {
                Ok(error) => unreadable(url, *error),
                Err(inner) => corrupt(table(url), inner),
            },
        },
        ParquetError::ArrowError(message) => corrupt(table(url), message.into()),
        error => corrupt(table(url), error.into()),
    }
}

/// The table at `url` is not what it claims to be.
pub(super) fn broken(url: &str, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    corrupt(table(url), source)
}

/// A column of a row group of the Parquet file at `url` cannot be read.
pub(super) fn bad_column(url: &str, row_group: usize, column: &str, error: ArrowError) -> Error {
    of_arrow(|| format!("the column `{column}` in row group {row_group} of `{}`", shown(url)), error)
}

/// Runs a decoder of Parquet. A panic in it is an error: what it is given may be anything.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(ParquetError::General(panic_text(payload.as_ref()))))
}

/// What a decoder's panic said.
pub(super) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let said = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("the decoder panicked: {}", said.unwrap_or("without a word"))
}

fn table(url: &str) -> String {
    format!("the table `{}`", shown(url))
}

fn of_arrow(what: impl Fn() -> String, error: ArrowError) -> Error {
    match error {
        // What our own code said on its way through a library.
        ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => corrupt(what(), inner),
        },
        ArrowError::ParquetError(message) => corrupt(what(), message.into()),
        error => corrupt(what(), error.into()),
    }
}

fn corrupt(what: String, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(ErrorKind::Corrupt, format!("cannot read {what}")).with_source(source)
}

/// Rows cannot be written in the format.
pub(super) fn unwritable(format: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unencodable, format!("cannot write the table as {format}")).with_source(error)
}
