//! Which of the two processes this one is.

use crate::services::env::{self, Environment};

/// What the variable of a supervised process holds before the number of its supervisor.
const MARK: &str = "supervised:";

/// What stands behind that number where the process is an attempt at a node of a plan.
const NODE: &str = ":node";

/// What the variable holds for a process that this one starts.
pub(super) fn mark(is_node: bool) -> String {
    format!("{MARK}{}{}", std::process::id(), if is_node { NODE } else { "" })
}

/// What this process is, where a task is to be supervised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that starts the other, and watches it.
    Supervisor,
    /// The one that runs the task.
    Supervised {
        /// Whether it is an attempt at a node of a plan: whoever drives that reads what it prints.
        is_node: bool,
    },
}

impl Role {
    pub(crate) fn of(environment: &Environment) -> Self {
        let mark = environment.get(env::WORKER).and_then(|text| text.strip_prefix(MARK)).unwrap_or_default();
        let (supervisor, is_node) = mark.strip_suffix(NODE).map_or((mark, false), |supervisor| (supervisor, true));
        let supervisor = supervisor.parse().ok();
        if supervisor.is_some() && supervisor == parent() { Self::Supervised { is_node } } else { Self::Supervisor }
    }
}

/// The number of the process that started this one.
pub(super) fn parent() -> Option<i32> {
    rustix::process::getppid().map(rustix::process::Pid::as_raw_pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_supervised_by_the_one_that_started_it_alone() {
        let role = |text: &str| Role::of(&Environment::empty().with(env::WORKER, text));
        assert_eq!(role(&format!("supervised:{}", parent().unwrap())), Role::Supervised { is_node: false });
        assert_eq!(role(&format!("supervised:{}:node", parent().unwrap())), Role::Supervised { is_node: true });
        for other in
            ["", "supervised:", "supervised:x", "supervised::node", "supervised:-1", "1:1", &format!("supervised:{}", std::process::id())]
        {
            assert_eq!(role(other), Role::Supervisor, "{other}");
        }
        assert_eq!(Role::of(&Environment::empty()), Role::Supervisor);
    }
}
