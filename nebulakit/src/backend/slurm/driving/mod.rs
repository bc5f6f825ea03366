//! Runs whose driver is a job of Slurm itself.
//!
//! Packed, the driver runs the nodes too, inside of its allocation, as the local backend does: ten thousand small nodes are one job. Otherwise it submits
//! each node, as a driver elsewhere would. Either way it drives the run that another process recorded, ends before its allocation does, and leaves what is
//! not over to the next one.
//!
//! ```text
//! P/driver-job.json        how the run is to be driven
//! P/drivers/<n>/job.json   the n-th job: its name, and its id once that is known
//! P/drivers/<n>/begun      it drives the run, or did
//! P/drivers/<n>/left.json  why it left the run to the next one
//! P/drivers/<n>/stdout     what it printed, and `stderr`
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `allocation` | what such a job asks for |
//! | `order` | `driver-job.json` |
//! | `notes` | the files of the jobs |
//! | `submit` | how one is submitted |
//! | `keeper` | the process that has one follow the other |
//! | `verdict` | what becomes of the run when one is over |
//!
//! The job itself is `serve` beside this.

mod allocation;
mod keeper;
mod notes;
mod order;
mod submit;
mod verdict;

pub(in crate::backend::slurm) use self::allocation::{Allocation, reserve};
pub(in crate::backend::slurm) use self::keeper::Keeper;
pub(in crate::backend::slurm) use self::notes::{DriverFolder, Left};
pub(in crate::backend::slurm) use self::order::Order;
pub(in crate::backend::slurm) use self::submit::Parts;
pub(crate) use self::submit::VERB;
