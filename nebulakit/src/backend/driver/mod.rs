//! Walks a graph through a coordinator: starts the nodes that are ready, passes on their outputs, and ends when nothing is left to start.
//!
//! One future walks all of it, on the runtime that polls it; what a task does happens wherever its job's strategy has it. Nothing here opens files: events
//! go to a [`Record`], values are bytes in memory, what tasks store is referred to, and a [`Shelf`] deletes it.

mod again;
mod branch;
mod done;
mod drive;
mod ending;
mod fault;
mod frame;
mod gate;
mod grown;
mod hold;
mod job;
mod job_id;
mod layout;
mod map;
mod memory;
mod recall;
mod rehearsal;
mod running;
mod scope;
mod signals;
mod standing;
mod step;
mod turns;
mod walk;
#[cfg_attr(not(feature = "slurm"), expect(dead_code, reason = "only what Slurm allocates ends before the run"))]
mod window;
mod witness;
mod world;

use super::values as value;

pub(crate) use self::drive::drive;
pub(crate) use self::fault::{End, Fault};
pub(crate) use self::hold::{Hold, Shelf};
pub(crate) use self::job_id::node_of;
#[cfg(feature = "snakemake")]
pub(crate) use self::layout::each_needed;
#[cfg(feature = "snakemake")]
pub(crate) use self::map::all_of;
pub(crate) use self::memory::{Call, Claim, Memory, Recalled};
pub(crate) use self::signals::{Refusal, Signals};
pub(crate) use self::turns::Turns;
#[cfg(feature = "slurm")]
pub(crate) use self::window::Closed;
pub(crate) use self::window::{Leaving, Window};
pub(crate) use self::world::{Unfinished, World};
pub(crate) use super::values::literals_of;
