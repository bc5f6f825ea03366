//! Walks a graph through a coordinator: starts the nodes that are ready, passes on their outputs, and ends when nothing is left to start.
//!
//! One future walks the whole graph, on the runtime that polls it; tasks run wherever the strategy of their job runs them. Events
//! go to a [`Record`], values are bytes in memory, and data that tasks store is passed by reference.

mod again;
mod branch;
mod done;
mod drive;
mod fault;
mod frame;
mod gate;
mod grown;
mod job;
mod job_id;
mod layout;
mod map;
mod memory;
mod recall;
mod rehearsal;
mod running;
mod scope;
mod shelf;
mod signals;
mod standing;
mod step;
mod tell;
mod value;
mod walk;
mod witness;
mod world;

pub(crate) use self::drive::drive;
pub(crate) use self::fault::{End, Fault};
pub(crate) use self::memory::{Call, Claim, Memory, Recalled};
pub(crate) use self::shelf::Shelf;
pub(crate) use self::signals::{Refusal, Signals};
pub(crate) use self::value::literals_of;
pub(crate) use self::world::{Unfinished, World};
