//! The index of the runs in a folder: stored summaries. The reader of a list builds it from the events of the runs, and it can be deleted at any time.

#[cfg(not(feature = "tracker"))]
mod none;
#[cfg(feature = "tracker")]
mod sqlite;

#[cfg(not(feature = "tracker"))]
pub(super) use self::none::Index;
#[cfg(feature = "tracker")]
pub(super) use self::sqlite::Index;
