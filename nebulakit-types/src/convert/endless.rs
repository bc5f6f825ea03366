//! Types without an end: structs and unions that hold each other. The derive refuses a type that names itself; a circle of several shows
//! only when a type is described.

use std::cell::Cell;
use std::fmt::Display;

use super::reader::MAX_DEPTH;

thread_local! {
    /// How many types are being described on this thread, each for the one around it.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Gives the depth back, also when the description panics.
struct Bounded;

impl Drop for Bounded {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Describes a type with other types in it.
///
/// # Panics
/// Deeper than any value may be nested. A stack that overflows would end the process without a word.
pub(super) fn bounded<T>(what: impl Display, describe: impl FnOnce() -> T) -> T {
    DEPTH.set(DEPTH.get() + 1);
    let _within = Bounded;
    assert!(
        DEPTH.get() <= MAX_DEPTH,
        "{what} is nested in more than {MAX_DEPTH} types, as if it held itself through others; such a type has no Flyte type, which would \
         have no end: hold the inner values as `Untyped`"
    );
    describe()
}
