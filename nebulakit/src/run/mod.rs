//! Runs: what happens to the nodes of a graph, as data that is the same for every backend.
//!
//! A run is its [`Event`]s. [`RunState`] is a pure fold of them: anyone who has the events can compute the state, at any moment of the run, in this process or
//! another one.
//!
//! # Examples
//! ```
//! use nebulakit::run::{Event, RunState, RunStatus};
//!
//! let told = [
//!     r#"{"sequence":0,"at":"2026-11-29T10:00:00Z","event":"created","version":1,"run":"r1","name":"app.add","backend":"local","nodes":1}"#,
//!     r#"{"sequence":1,"at":"2026-11-29T10:00:00Z","node":"n0","event":"ready","of":"app.add"}"#,
//!     r#"{"sequence":2,"at":"2026-11-29T10:00:00.5Z","node":"n0","event":"started","attempt":0}"#,
//! ];
//! let mut state = RunState::new();
//! for line in told {
//!     state.apply(&serde_json::from_str::<Event>(line)?)?;
//! }
//! assert_eq!(state.status, RunStatus::Running);
//! assert_eq!(state.counts().running, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod artifact;
mod base64;
mod build;
mod control;
mod digest;
mod error;
mod event;
mod folder;
mod follow;
mod gate;
mod handle;
mod list;
mod log;
mod lookup;
mod memo;
mod metrics;
mod path;
mod prune;
mod record;
mod report;
mod state;
mod summary;
mod tracker;
mod watch;
mod why;
pub(crate) mod words;

pub use self::artifact::{Artifact, ArtifactKind};
pub use self::build::{BUILD_VERSION, Build, TaskChange, TaskDigests};
pub(crate) use self::control::answers;
pub use self::control::{Control, Request};
pub(crate) use self::digest::Parts as DigestParts;
pub use self::digest::inputs_digest;
pub use self::error::{RecordError, RecordErrorKind};
pub use self::event::{Again, Arm, EVENT_VERSION, Event, EventKind, Origin, Recorded, RunOutcome};
#[cfg(feature = "flyte")]
pub(crate) use self::folder::ELSEWHERE;
pub use self::folder::{Durability, Keep, RunFolder, RunsFolder};
pub(crate) use self::folder::{RunHold, publish};
pub use self::follow::{LogLine, LogLines, RunEvents};
pub use self::gate::{Answer, GateTakes};
pub use self::handle::RunHandle;
pub use self::list::Summaries;
pub use self::log::Recorder;
pub(crate) use self::log::{EventReader, Replays, Span};
pub use self::lookup::{CacheKey, Caller, KeyChange, KeyPart, Lookup};
pub use self::memo::{Cache, CacheEntry, Cleared, Nearest};
pub(crate) use self::memo::{Contents, KeyMaker, Turn, Turns, is_whole, may_have_files, paths_in};
pub use self::metrics::Metrics;
pub use self::path::NodePath;
pub use self::prune::{Fate, Prune, Pruned};
pub(crate) use self::record::{Nowhere, Record};
pub use self::state::{Counts, Misplaced, NodeState, NodeStatus, RunState, RunStatus};
pub use self::summary::RunSummary;
pub(crate) use self::watch::Success;
pub use self::why::{CacheWhy, cache_why};
pub use crate::coordinator::{FailureKind, JobFailure, OutputStream, RunId, Usage, WaitsFor};
pub(crate) use crate::process::file_name::file_name;
