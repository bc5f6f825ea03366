//! What the workers of processes and of containers have in common: a process from its start to its end, its limits, what it prints, and the talk with it.

mod descendants;
pub(super) mod fate;
pub(super) mod groups;
pub(super) mod limits;
pub(super) mod order;
pub(super) mod output;
pub(super) mod pipes;
pub(super) mod process;
pub(super) mod talk;
pub(super) mod variables;
