//! Where people see executions.

use super::id::ExecutionId;

/// The address of an execution in the console, which `console` is the beginning of.
pub(super) fn address(console: &str, ExecutionId { project, domain, name }: &ExecutionId) -> String {
    format!("{}/console/projects/{project}/domains/{domain}/executions/{name}", console.trim_end_matches('/'))
}
