//! The tasks, which run in containers.

use nebulakit::prelude::*;

#[task]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a + b
}
