//! The record of a run: its events, and the logs of its nodes. This is the source of truth; everything else can be computed from it.

mod appending;
mod clock;
mod disk;
mod events;
mod lines;
mod node_logs;
mod reader;
mod recorder;
mod replay;
mod ticker;

pub(crate) use self::lines::{Lines, Span};
pub(crate) use self::node_logs::GOES_ON;
pub(crate) use self::reader::EventReader;
pub use self::recorder::Recorder;
pub(crate) use self::replay::Replays;
