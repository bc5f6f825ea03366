//! Flyte 1: what its control plane is told, and the client that tells it.
//!
//! | module | holds |
//! |---|---|
//! | [`compile`] | graphs as what is registered |
//! | `admin` | one call of the control plane, with its deadline, its retries and its errors |
//! | `auth` | the login, and the tokens that come of it |
//! | `client` | calls with the token that the control plane asks for |
//! | `download` | what the control plane keeps in its store |
//! | `error` | why a call failed |
//! | `execution` | executions that exist: what is known of them, and how they are steered |
//! | `launch` | the launch of what is registered |
//! | `launch_plans` | launch plans that are registered: which are active |
//! | `package` | the archive of what was compiled |
//! | `register` | the registration of what was compiled |
//! | `runs` | executions as runs of ours: the backend |
//! | `upload` | files and directories of this machine, for the control plane's store |
//!
//! All but [`compile`] come with the feature `flyte`.

#[cfg(feature = "flyte")]
mod admin;
#[cfg(feature = "flyte")]
mod auth;
#[cfg(feature = "flyte")]
mod client;
pub mod compile;
#[cfg(feature = "flyte")]
mod download;
#[cfg(feature = "flyte")]
mod error;
#[cfg(feature = "flyte")]
mod execution;
#[cfg(feature = "flyte")]
mod launch;
#[cfg(feature = "flyte")]
mod launch_plans;
#[cfg(feature = "flyte")]
mod package;
#[cfg(feature = "flyte")]
mod register;
#[cfg(feature = "flyte")]
mod runs;
#[cfg(feature = "flyte")]
mod upload;

#[cfg(feature = "flyte")]
pub use self::auth::{Login, Prompt};
#[cfg(feature = "flyte")]
pub use self::client::FlyteClient;
#[cfg(feature = "flyte")]
pub use self::error::{ClientError, ClientErrorKind};
#[cfg(feature = "flyte")]
pub use self::execution::{
    Abort, AttemptPhase, CacheUsed, Execution, ExecutionDetails, ExecutionFailure, ExecutionFilter, ExecutionId, ExecutionNode,
    ExecutionPhase, ExecutionSignal, FailureOrigin, Launched, LogLink, MapElement, NodeAttempt, NodePhase, PodLog, RelaunchOptions,
};
#[cfg(feature = "flyte")]
pub(crate) use self::execution::{Planned, RegisteredTask, What};
#[cfg(feature = "flyte")]
pub(crate) use self::launch::with_defaults;
#[cfg(feature = "flyte")]
pub use self::launch::{LaunchOptions, Launchable, LaunchedTask};
#[cfg(feature = "flyte")]
pub use self::launch_plans::RegisteredLaunchPlan;
#[cfg(feature = "flyte")]
pub use self::package::package;
#[cfg(feature = "flyte")]
pub(crate) use self::register::version_of;
#[cfg(feature = "flyte")]
pub use self::register::{Difference, EntityKind, Outcome, RegisterOptions, Registered, Registration};
#[cfg(feature = "flyte")]
pub use self::runs::FlyteBackend;
#[cfg(feature = "flyte")]
pub(crate) use self::runs::{LaunchedRun, Seen};
#[cfg(feature = "flyte")]
pub(crate) use self::upload::digest;
