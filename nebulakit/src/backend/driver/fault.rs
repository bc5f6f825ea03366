//! Why a node, and with it the run, did not succeed.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::coordinator::{FailureKind, JobError, JobFailure, Usage};
use crate::run::NodePath;
use crate::task::failure::chain_in_line;

/// The codes of failures between tasks.
pub(super) mod code {
    pub(in crate::backend::driver) use crate::backend::values::code::{BINDING, BRANCH, LENGTHS, NO_ARM};

    pub(in crate::backend::driver) const REJECTED: &str = "USER:ReceivedRejectSignal";
    pub(in crate::backend::driver) const UNANSWERED: &str = "USER:NoAnswer";
    pub(in crate::backend::driver) const NOT_TAKEN: &str = "USER:NotTaken";
    pub(in crate::backend::driver) const TOO_DEEP: &str = "USER:NestedTooDeep";
}

/// How a node ended if it did not succeed.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// It failed.
    Failed(Arc<Fault>),
    /// It was stopped.
    Cancelled,
}

/// Which node failed, and why.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// The node that failed first.
    pub(crate) node: NodePath,
    /// What it runs.
    pub(crate) of: Cow<'static, str>,
    pub(crate) failure: JobFailure,
    /// The original error, if there is one.
    pub(crate) error: Option<JobError>,
    /// What its last attempt took.
    pub(crate) used: Option<Usage>,
}

impl Fault {
    /// A failure between tasks, not of a task.
    pub(super) fn between(node: &NodePath, of: Cow<'static, str>, code: &str, message: impl Into<String>) -> End {
        let failure = JobFailure::new(FailureKind::Failed, code, message);
        End::Failed(Arc::new(Self { node: node.clone(), of, failure, error: None, used: None }))
    }

    /// It was told before that the task of a node failed.
    pub(super) fn told(node: &NodePath, of: Cow<'static, str>, failure: JobFailure) -> End {
        End::Failed(Arc::new(Self { node: node.clone(), of, failure, error: None, used: None }))
    }

    /// A value cannot be passed on.
    pub(super) fn of_binding(node: &NodePath, of: Cow<'static, str>, what: impl fmt::Display, error: &nebulakit_types::Error) -> End {
        Self::between(node, of, code::BINDING, format!("cannot resolve {what}: {}", chain_in_line(error)))
    }

    /// The job of a node did not succeed.
    pub(super) fn of_job(node: &NodePath, of: Cow<'static, str>, error: JobError, used: Option<Usage>) -> End {
        match error {
            JobError::Cancelled(_) => End::Cancelled,
            error => End::Failed(Arc::new(Self { node: node.clone(), of, failure: error.to_failure(), error: Some(error), used })),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_has_its_row_in_the_documentation() {
        let rows = include_str!("../../../../docs/errors.md");
        let codes: Vec<_> =
            include_str!("fault.rs").lines().filter_map(|line| line.split_once(": &str = \"")?.1.strip_suffix("\";")).collect();
        assert!(codes.len() > 3, "{codes:?}");
        for code in codes {
            assert!(rows.contains(&format!("| `{code}` |")), "{code}");
        }
    }
}
