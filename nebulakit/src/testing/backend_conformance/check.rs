//! The findings of a case.

use nebulakit_types::Error;

use crate::backend::RunError;
use crate::graph::Problems;
use crate::run::{Misplaced, RecordError};

/// Why a case stops before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The backend refused the graph, as it should.
    Refused,
    /// What was found instead of what was promised.
    Broken(String),
}

/// The result of a case.
pub(super) type Check = Result<(), Stop>;

pub(super) fn expect(is_so: bool, found: impl FnOnce() -> String) -> Check {
    if is_so { Ok(()) } else { Err(Stop::Broken(found())) }
}

macro_rules! stops {
    ($($error:ty: $said:literal;)*) => {$(
        impl From<$error> for Stop {
            fn from(error: $error) -> Self {
                Self::Broken(format!("{}: {error}", $said))
            }
        }
    )*};
}

stops! {
    Error: "a value";
    Misplaced: "the events";
    Problems: "the graph";
    RecordError: "the record";
    RunError: "the backend";
}
