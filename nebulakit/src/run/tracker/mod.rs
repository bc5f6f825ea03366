//! The index of the runs of a folder: summaries that were made once. It is made from the events of the runs, by those who read them, and can be deleted at any time.

#[cfg(not(feature = "tracker"))]
mod none;
#[cfg(feature = "tracker")]
mod sqlite;

#[cfg(not(feature = "tracker"))]
pub(super) use self::none::Index;
#[cfg(feature = "tracker")]
pub(super) use self::sqlite::Index;
