//! What expansions build nodes with. Not generic over the task, so that two hundred tasks share what there is of it.

use std::marker::PhantomData;
use std::panic::Location;

use nebulakit_types::outputs::TaskOutputs;

use crate::graph::Success;
use crate::task::def::{Task, TaskDef};
use crate::workflow::def::Workflow;
use crate::workflow::each::{Each, IntoEach};
use crate::workflow::given::IntoPromise;
use crate::workflow::node::{Map, Node, Runs, Source, Target, WorkflowDef};
use crate::workflow::promise::Promise;

/// A node in the making.
#[derive(Debug)]
pub struct Making {
    inputs: Vec<Source>,
    mapped: Vec<bool>,
}

impl Making {
    /// A node with so many inputs.
    #[must_use]
    pub fn new(inputs: usize) -> Self {
        Self { inputs: Vec::with_capacity(inputs), mapped: Vec::new() }
    }

    /// The next input.
    #[inline(never)]
    #[track_caller]
    pub fn one<T, A: IntoPromise<T>>(&mut self, value: A) {
        self.inputs.push(value.into_promise().__into_source());
    }

    /// The next input of a map.
    #[inline(never)]
    #[track_caller]
    pub fn each<T, A: IntoEach<T>>(&mut self, value: A) {
        let Each { source, mapped } = value.into_each();
        self.inputs.push(source);
        self.mapped.push(mapped);
    }

    #[track_caller]
    fn end(self, target: Target) -> Source {
        Source::of_node(Node::new(Location::caller(), target, self.inputs))
    }

    #[track_caller]
    fn end_map(mut self, of: Runs) -> Source {
        let mapped = std::mem::take(&mut self.mapped);
        self.end(Target::Map(Box::new(Map { of, mapped, concurrency: None, success: Success::All })))
    }

    /// A node of the task.
    #[track_caller]
    pub fn task_node<O>(self, task: &'static TaskDef) -> Promise<O> {
        Promise::new(self.end(Target::Task(task)))
    }

    /// A node of the workflow or launch plan.
    #[track_caller]
    pub fn workflow_node<O>(self, workflow: &'static WorkflowDef) -> Promise<O> {
        Promise::new(self.end(Target::Workflow(workflow)))
    }

    /// A node of the task for each element.
    #[track_caller]
    pub fn task_map<O>(self, task: &'static TaskDef) -> Promise<O> {
        Promise::new(self.end_map(Runs::Task(task)))
    }

    /// A node of the workflow for each element.
    #[track_caller]
    pub fn workflow_map<O>(self, workflow: &'static WorkflowDef) -> Promise<O> {
        Promise::new(self.end_map(Runs::Workflow(workflow)))
    }
}

/// What a map over a task gives; `A` is what the map was given, so that it is judged where the map is made.
pub trait TaskLists<A> {
    /// A list in the place of each output.
    type Each;
}

#[diagnostic::do_not_recommend]
impl<A, T: Task> TaskLists<A> for T {
    type Each = <T::Outputs as TaskOutputs>::Each;
}

/// What a map over a workflow gives.
pub trait WorkflowLists<A> {
    /// A list in the place of each output.
    type Each;
}

#[diagnostic::do_not_recommend]
impl<A, T: Workflow> WorkflowLists<A> for T {
    type Each = <T::Outputs as TaskOutputs>::Each;
}

/// What a verb that is refused is judged by: generic, so that it is judged where the verb is used.
#[derive(Debug)]
pub struct Refused<A, T>(PhantomData<(A, T)>);

/// The source of what was given for a part of several outputs; for expansions alone.
#[track_caller]
pub fn source<T>(value: impl IntoPromise<T>) -> Source {
    value.into_promise().__into_source()
}

/// The promise of an input of a workflow; for expansions alone.
pub fn input<T>(of: &'static WorkflowDef, index: u32) -> Promise<T> {
    Promise::new(Source::Input { of, index, path: Vec::new() })
}
