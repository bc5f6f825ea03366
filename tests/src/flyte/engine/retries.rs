//! How often a task is tried: failures of the user's and of the system's have budgets of their own.

use nebulakit_types::wire::flyteidl::core::execution_error::ErrorKind;
use nebulakit_types::wire::flyteidl::core::{ExecutionError, Node, TaskTemplate};

use super::failure::error;

/// How many failures of the system's are forgiven.
const SYSTEM_RETRIES: u32 = 3;

/// The attempts of one task or element.
#[derive(Debug)]
pub(crate) struct Budget {
    /// How many attempts the user allows.
    allowed: u32,
    failures: u32,
    system_failures: u32,
}

impl Budget {
    /// The budget of a node: its own retries, unless they are none, else the task's.
    pub(crate) fn of(node: &Node, template: &TaskTemplate) -> Self {
        let of_node = node.metadata.as_ref().and_then(|metadata| metadata.retries).map_or(0, |retries| retries.retries);
        let of_task = template.metadata.as_ref().and_then(|metadata| metadata.retries).map_or(0, |retries| retries.retries);
        Self { allowed: 1 + if of_node > 0 { of_node } else { of_task }, failures: 0, system_failures: 0 }
    }

    /// What becomes of a failure: nothing where it is tried again, else the error of the node.
    pub(crate) fn spend(&mut self, failure: &ExecutionError, is_recoverable: bool) -> Option<ExecutionError> {
        if !is_recoverable {
            return Some(failure.clone());
        }
        self.failures += 1;
        let (done, allowed) = match failure.kind() {
            ErrorKind::System => {
                self.system_failures += 1;
                (self.system_failures, SYSTEM_RETRIES + 1)
            }
            _ => (self.failures - self.system_failures, self.allowed),
        };
        let kind = failure.kind().as_str_name();
        let message = format!("[{done}/{allowed}] currentAttempt done. Last Error: {kind}::{}", failure.message);
        (done >= allowed).then(|| error(&format!("RetriesExhausted|{}", failure.code), ErrorKind::User, message))
    }
}
