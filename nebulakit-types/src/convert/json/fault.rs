//! This crate's error as serde's.

use std::fmt::{self, Display};

use crate::{Error, ErrorKind};

/// An [`Error`] on its way through serde.
#[derive(Debug)]
pub(super) struct Fault(pub(super) Error);

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

impl serde_core::ser::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self(Error::new(ErrorKind::Unencodable, message.to_string()))
    }
}

impl serde_core::de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self(Error::new(ErrorKind::Mismatch, message.to_string()))
    }
}
