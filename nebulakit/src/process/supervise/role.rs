//! Which of the two processes this one is.

use crate::services::env::{self, Environment};

/// What the variable of a supervised process holds before the number of its supervisor.
pub(super) const MARK: &str = "supervised:";

/// What this process is, where a task is to be supervised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that starts the other, and watches it.
    Supervisor,
    /// The one that runs the task.
    Supervised,
}

impl Role {
    pub(crate) fn of(environment: &Environment) -> Self {
        let supervisor = environment.get(env::WORKER).and_then(|text| text.strip_prefix(MARK)?.parse().ok());
        if supervisor.is_some() && supervisor == parent() { Self::Supervised } else { Self::Supervisor }
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
        assert_eq!(role(&format!("supervised:{}", parent().unwrap())), Role::Supervised);
        for other in ["", "supervised:", "supervised:x", "supervised:-1", "1:1", &format!("supervised:{}", std::process::id())] {
            assert_eq!(role(other), Role::Supervisor, "{other}");
        }
        assert_eq!(Role::of(&Environment::empty()), Role::Supervisor);
    }
}
