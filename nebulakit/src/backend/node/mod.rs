//! One node of a plan as a process: `<binary> node-execute --plan P --node ID`.
//!
//! A plan is a folder. Engines start jobs that know no more than that folder and the id of their node; each claims an attempt, runs the task in a process of
//! its own, and leaves a record of how that ended. Whoever drives the plan reads records; nobody needs to be there meanwhile.
//!
//! ```text
//! P/plan.json              which program runs the plan, and where its data goes
//! P/nodes.jsonl            what each node does that is known beforehand, sorted by their ids
//! P/inputs.pb              what the run is given
//! P/bin/<build id>          the program, as it was when the plan was made
//! P/nodes/<NODE>/outputs   which attempt's outputs count
//! P/nodes/<NODE>/<K>/      what attempt K has and leaves: inputs.pb claim outputs.pb error.pb raw/ checkpoint record.json
//! P/ended/<NODE>.<K>       nothing: that it is there says that the record is
//! ```
//!
//! Every file appears whole or not at all, so that a process may end at any moment. A folder that machines share is enough: no locks, no sockets. So is a prefix in
//! an object store that can create an object only where there is none.

mod attempt;
mod claim;
mod each;
mod end;
mod engine_ids;
mod files;
#[cfg(feature = "run")]
mod flatten;
mod folder;
#[cfg(feature = "run")]
mod grown;
#[cfg(not(feature = "run"))]
#[path = "ungrown.rs"]
mod grown;
mod line;
mod lines;
mod listing;
#[cfg(feature = "run")]
mod order;
mod perform;
mod plan_file;
mod printed;
#[cfg(feature = "run")]
mod program;
mod record;
mod refusal;
mod request;
mod resolve;
mod serve;
mod stored;
mod tries;
mod usage;
mod work;

#[cfg(feature = "aws-batch")]
pub(in crate::backend) use self::files::folders;
#[cfg(feature = "run")]
pub(in crate::backend) use self::files::{create_first, exists, names, publish, read, read_text, remove, upload};
#[cfg(feature = "run")]
pub(in crate::backend) use self::flatten::flatten;
#[cfg(all(feature = "run", feature = "testing"))]
pub(crate) use self::flatten::lines_of;
#[cfg(feature = "run")]
pub(in crate::backend) use self::folder::{AttemptFolder, CANCELLED, PlanFolder};
#[cfg(feature = "run")]
pub(in crate::backend) use self::plan_file::{PLAN_VERSION, PlanFile};
#[cfg(feature = "run")]
pub(in crate::backend) use self::program::copy_program;
#[cfg(feature = "run")]
pub(in crate::backend) use self::record::{FailureRecord, Outcome, Record};
pub(crate) use self::request::VERB;
pub(crate) use self::serve::serve;
#[cfg(feature = "run")]
pub(in crate::backend) use self::stored::url;
