//! The folder that runs are recorded in, `.nebulakit/`.
//!
//! ```text
//! format                  the version of this folder
//! .gitignore              makes git ignore the folder
//! in-use                  the lock for data that runs share: see `sharing.rs`
//! data/<2 hex>/<sha256>   content-addressed data of all runs
//! inputs/<uuid>/          copies of inputs that can be read only once
//! runs/<run id>/          one run: see `run.rs`
//! ```

mod data;
mod entries;
mod id;
mod lock;
mod publish;
mod root;
mod run;
mod sharing;

pub(crate) use self::data::Data;
pub use self::data::Keep;
pub(crate) use self::entries::entries;
pub(crate) use self::lock::{DriverLock, RunHold};
pub use self::publish::Durability;
pub(crate) use self::publish::{make, publish, publish_first, sync_folder};
pub use self::root::RunsFolder;
pub use self::run::RunFolder;
pub(crate) use self::run::{DECK, ELSEWHERE, HiddenRun};
pub(crate) use self::sharing::InUse;
