//! Who this process is on the platform: execution, task and attempt, read from the environment.

use std::sync::{Arc, LazyLock};

use crate::services::env::{self, Environment};

/// The identity of the running task.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Identity {
    /// The execution; `local` three times outside a platform.
    pub execution: ExecutionId,
    /// The task as it is registered; project, domain, name and version are `local` outside a platform.
    pub task: TaskId,
    /// The workflow as `project:domain:name`; empty where the platform does not say, as on Flyte 2.
    pub workflow: String,
    /// The launch plan; empty where the platform does not say, which none does today.
    pub launch_plan: String,
    /// Which attempt this is, from 0.
    pub attempt: u32,
    /// The execution's page in the console, where the platform gives one.
    pub execution_url: Option<String>,
    /// Whether no platform started this process.
    pub is_local: bool,
}

/// What names an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecutionId {
    /// The project.
    pub project: String,
    /// The domain.
    pub domain: String,
    /// The execution's name; on Flyte 2 that of the run.
    pub name: String,
}

/// What names a registered task.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskId {
    /// The project.
    pub project: String,
    /// The domain.
    pub domain: String,
    /// The task's name.
    pub name: String,
    /// The task's version.
    pub version: String,
}

impl Identity {
    /// That of a run without a platform.
    pub(crate) fn local() -> Arc<Self> {
        static LOCAL: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(Identity::new(&Environment::empty())));
        Arc::clone(&LOCAL)
    }

    /// Reads the identity from the environment (Flyte task contract, environment).
    ///
    /// An attempt number that is not a number counts as 0: it decides nothing that a task should fail for.
    #[must_use]
    pub(crate) fn new(environment: &Environment) -> Self {
        let is_local = environment.either(env::EXECUTION_ID, env::EXECUTION_ID_ALIAS).is_empty();
        let read = |name, alias| match environment.either(name, alias) {
            "" if is_local => "local".to_owned(),
            value => value.to_owned(),
        };
        Self {
            execution: ExecutionId {
                project: read(env::EXECUTION_PROJECT, env::EXECUTION_PROJECT_ALIAS),
                domain: read(env::EXECUTION_DOMAIN, env::EXECUTION_DOMAIN_ALIAS),
                name: read(env::EXECUTION_ID, env::EXECUTION_ID_ALIAS),
            },
            task: TaskId {
                project: read(env::TASK_PROJECT, env::TASK_PROJECT_ALIAS),
                domain: read(env::TASK_DOMAIN, env::TASK_DOMAIN_ALIAS),
                name: read(env::TASK_NAME, env::TASK_NAME_ALIAS),
                version: read(env::TASK_VERSION, env::TASK_VERSION_ALIAS),
            },
            workflow: environment.either(env::EXECUTION_WORKFLOW, env::EXECUTION_WORKFLOW_ALIAS).to_owned(),
            launch_plan: environment.either(env::EXECUTION_LAUNCH_PLAN, env::EXECUTION_LAUNCH_PLAN_ALIAS).to_owned(),
            attempt: environment.parse(env::ATTEMPT_NUMBER, "a whole number").ok().flatten().unwrap_or(0),
            execution_url: environment.non_empty(env::EXECUTION_URL).map(str::to_owned),
            is_local,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_told_who_it_is() {
        let environment = Environment::empty()
            .with("FLYTE_INTERNAL_EXECUTION_ID", "f1")
            .with("FLYTE_INTERNAL_EXECUTION_PROJECT", "p")
            .with("_F_DM", "d")
            .with("FLYTE_INTERNAL_TASK_NAME", "app.divider")
            .with("_F_TK_NM", "other")
            .with("FLYTE_ATTEMPT_NUMBER", "2");
        let identity = Identity::new(&environment);
        assert!(!identity.is_local);
        assert_eq!(identity.execution, ExecutionId { project: "p".into(), domain: "d".into(), name: "f1".into() });
        assert_eq!((identity.task.name.as_str(), identity.task.version.as_str()), ("app.divider", ""));
        assert_eq!(identity.attempt, 2);
    }

    #[test]
    fn a_process_without_an_execution_is_local() {
        let identity = Identity::new(&Environment::empty().with("FLYTE_ATTEMPT_NUMBER", "x"));
        assert!(identity.is_local);
        assert_eq!(identity.execution.name, "local");
        assert_eq!(identity.task.version, "local");
        assert_eq!((identity.workflow.as_str(), identity.attempt), ("", 0));
    }
}
