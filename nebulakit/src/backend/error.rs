//! Why a run has no outputs.

use std::error::Error as StdError;
use std::{fmt, io};

use crate::coordinator::{JobError, JobFailure};
use crate::graph::Problems;
use crate::run::{self, NodePath};

/// Why a run has no outputs.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[derive(Debug)]
/// struct ByZero;
///
/// impl std::fmt::Display for ByZero {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("cannot divide by zero")
///     }
/// }
///
/// impl std::error::Error for ByZero {}
///
/// #[task]
/// fn divide(a: i64, b: i64) -> Result<i64, ByZero> {
///     a.checked_div(b).ok_or(ByZero)
/// }
///
/// #[workflow]
/// fn inverse(x: Promise<i64>) -> Promise<i64> {
///     divide::node(1, x)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = inverse::with(0).run_local().await.unwrap_err();
/// assert_eq!(error.node().unwrap(), "n0");
/// assert!(error.downcast_ref::<ByZero>().is_some());
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The workflow is wrong: all of its problems.
    Graph(Problems),
    /// The run was refused, for example because something is missing: all reasons, each with a name.
    Refused(Vec<String>),
    /// An input cannot be encoded, or its data cannot be stored.
    Inputs(nebulakit_types::Error),
    /// A node failed.
    Failed(Box<NodeError>),
    /// The run was stopped.
    Cancelled,
    /// An output is not what the workflow declares.
    Outputs(nebulakit_types::Error),
    /// There is no folder for the data of tasks, or an event cannot be recorded.
    Folder(io::Error),
    /// The run cannot be recorded, or cannot be found.
    Record(run::RecordError),
    /// The platform that is to run it refuses it, or cannot be asked.
    Platform(Box<dyn StdError + Send + Sync>),
}

/// Which node failed, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct NodeError {
    /// The node that failed first; the failure handler, if that failed too.
    pub node: NodePath,
    /// What it runs.
    pub of: String,
    /// Why, as data.
    pub failure: JobFailure,
    /// The original error, if it came from a job.
    pub(crate) error: Option<JobError>,
}

impl RunError {
    /// The node that failed, if one did.
    #[must_use]
    pub fn node(&self) -> Option<&NodePath> {
        match self {
            Self::Failed(error) => Some(&error.node),
            _ => None,
        }
    }

    /// The code that a console shows; [`None`] if no node failed.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Failed(error) => Some(&error.failure.code),
            _ => None,
        }
    }

    /// The error that the failed task returned, by its type, if the task ran in this process.
    #[must_use]
    pub fn downcast_ref<E: fmt::Display + fmt::Debug + Send + Sync + 'static>(&self) -> Option<&E> {
        match self {
            Self::Failed(error) => error.error.as_ref()?.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Graph(_) => f.write_str("the workflow cannot run as it is"),
            Self::Refused(reasons) => write!(f, "it cannot run here: {}", reasons.join("; ")),
            Self::Inputs(_) => f.write_str("an input cannot be used"),
            Self::Failed(error) => error.fmt(f),
            Self::Cancelled => f.write_str("the run was stopped"),
            Self::Outputs(_) => f.write_str("the outputs are not those that are declared"),
            Self::Folder(_) => f.write_str("the folder of the run cannot be used"),
            Self::Record(error) => error.fmt(f),
            Self::Platform(error) => error.fmt(f),
        }
    }
}

impl StdError for RunError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Graph(problems) => Some(problems),
            Self::Inputs(error) | Self::Outputs(error) => Some(error),
            Self::Folder(error) => Some(error),
            Self::Record(error) => error.source(),
            Self::Platform(error) => error.source(),
            Self::Refused(_) | Self::Failed(_) | Self::Cancelled => None,
        }
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the node {} ({}) failed: {}", self.node, self.of, self.failure)
    }
}
