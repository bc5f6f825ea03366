//! Moving data: streams, files, trees, many at once and under one budget.
//!
//! * An object is opened with one request, which also tells its size and version; nothing is asked first.
//! * Large objects travel in ranges (down) and parts (up), several at a time; small ones many at a time. All requests of a `Storage` share
//!   one `Budget`, which shrinks when a store asks for less and grows again.
//! * Bodies stream between the socket and the file, also upwards: memory does not grow with the size of what is moved. The small reads and
//!   writes happen where they are due, in the thread that polls: handing each to another thread costs more than it takes.
//! * Everything of one transfer is polled by its own future: dropping it stops all at once, and temporary files go with it.
//! * A range whose body breaks off is continued where it broke, as the same version of the object (`If-Match`).

mod buffer;
mod download;
mod early;
mod file_part;
mod limits;
mod listing;
mod names;
mod open;
mod operations;
mod pieces;
mod ranges;
mod reading;
mod remote_down;
mod remote_up;
mod tree_down;
mod tree_options;
mod tree_up;
mod upload;
mod writer;
mod writer_parts;

pub use self::reading::Reading;
pub use self::writer::ObjectWriter;
