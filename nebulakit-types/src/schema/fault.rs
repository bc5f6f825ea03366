//! Errors of Arrow and Parquet as errors of this crate.

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use crate::storage::shown;
use crate::{Error, ErrorKind};

/// The table at `url` cannot be read.
pub(super) fn unreadable(url: &str, error: ArrowError) -> Error {
    match error {
        // What our own code said on its way through a library.
        ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => broken(url, inner),
        },
        ArrowError::ParquetError(message) => broken(url, message.into()),
        error => broken(url, error.into()),
    }
}

/// The Parquet file at `url` cannot be read.
pub(super) fn bad_parquet(url: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => match inner.downcast::<ArrowError>() {
                Ok(error) => unreadable(url, *error),
                Err(inner) => broken(url, inner),
            },
        },
        ParquetError::ArrowError(message) => broken(url, message.into()),
        error => broken(url, error.into()),
    }
}

/// The table at `url` is not what it claims to be.
pub(super) fn broken(url: &str, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(ErrorKind::Corrupt, format!("cannot read the table `{}`", shown(url))).with_source(source)
}

/// Rows cannot be written in the format.
pub(super) fn unwritable(format: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unencodable, format!("cannot write the table as {format}")).with_source(error)
}
