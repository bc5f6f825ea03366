//! What `run` runs, as far as its flags are made of it: a task, a workflow or a launch plan.

use clap::Arg;

use super::options;
use crate::cli::complaint::{Complaint, describing};
use crate::cli::setting::Setting;
use crate::cli::{graph, workflows};
use crate::graph::Graph;
use crate::task::def::TaskDef;
use crate::task::param::AnyParam;
use crate::workflow::WorkflowDef;

/// What is run.
pub(in crate::cli) struct Subject {
    /// `task`, `workflow` or `launch plan`.
    pub(super) what: &'static str,
    pub(super) name: &'static str,
    /// The shortest name that means it.
    pub(super) short: &'static str,
    pub(super) doc: &'static str,
    pub(super) params: &'static [&'static dyn AnyParam],
    /// The options beside its inputs.
    pub(super) options: Vec<Arg>,
    /// Whether its inputs are there without flags.
    pub(super) is_given: bool,
    of: Of,
}

/// The definition of what is run.
enum Of {
    Task(&'static TaskDef),
    Workflow(&'static WorkflowDef),
}

impl Subject {
    pub(in crate::cli) fn task(task: &'static TaskDef, setting: &Setting<'_>) -> Self {
        let TaskDef { name, doc, params, .. } = *task;
        Self {
            what: "task",
            name,
            short: setting.short_name(task),
            doc,
            params,
            options: options::of_task(task),
            is_given: false,
            of: Of::Task(task),
        }
    }

    pub(in crate::cli) fn workflow(workflow: &'static WorkflowDef, setting: &Setting<'_>) -> Self {
        Self {
            what: workflows::what(workflow),
            name: workflow.name(),
            short: workflows::short_name(workflow, setting),
            doc: workflow.doc(),
            params: workflow.params,
            options: options::of_workflow(),
            is_given: false,
            of: Of::Workflow(workflow),
        }
    }

    /// The same where no flag has to be there, because its inputs are known.
    #[cfg(feature = "flyte")]
    pub(super) fn given(self) -> Self {
        Self { is_given: true, ..self }
    }

    /// The task that is run alone, if it is one.
    pub(super) fn alone(&self) -> Option<&'static TaskDef> {
        match self.of {
            Of::Task(task) => Some(task),
            Of::Workflow(_) => None,
        }
    }

    /// Its graph; that of a task has one node.
    ///
    /// # Errors
    /// When something is wrong with a workflow.
    pub(super) fn graph(&self) -> Result<Graph, Complaint> {
        describing(|| match self.of {
            Of::Task(task) => graph::of_task(task),
            Of::Workflow(workflow) => graph::of(workflow),
        })?
    }
}
