//! A workflow without its types: what the registry holds, and what its graph is built from.

use std::sync::Arc;

use nebulakit_types::outputs::TaskOutputs;
use nebulakit_types::{Dialect, Interface, LiteralType};

use crate::task::definition::{Definition, interface};
use crate::task::param::AnyParam;
use crate::task::reference::ReferenceSpec;
use crate::workflow::launch::LaunchOptions;
use crate::workflow::node::{Built, Source, WorkflowDef};
use crate::workflow::returns::{WorkflowReturn, WorkflowReturns};

/// A workflow or a launch plan as a type: what `#[workflow]` and `#[launch_plan]` make beside the function, under the function's name.
///
/// It cannot be implemented by hand.
///
/// # Examples
/// ```
/// use nebulakit::Workflow;
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// /// Doubles twice.
/// #[workflow]
/// fn quadruple(x: Promise<i64>) -> Promise<i64> {
///     double::node(double::node(x))
/// }
/// # fn main() {
/// assert_eq!(quadruple::def().doc(), "Doubles twice.");
/// # }
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is not a workflow", label = "`#[workflow]` makes a type of the function's name one")]
pub trait Workflow: SealedWorkflow {
    /// What it gives.
    type Outputs: TaskOutputs;

    /// The workflow as data.
    fn def() -> &'static WorkflowDef;
}

/// Only `#[workflow]` and `#[launch_plan]` implement it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a workflow", label = "`#[workflow]` makes a type of the function's name one")]
pub trait SealedWorkflow {
    /// The outputs.
    type Gives: TaskOutputs;

    /// What the function returns.
    type Returned: WorkflowReturns<Self::Gives>;

    /// The workflow as data.
    fn data() -> &'static WorkflowDef;
}

impl<T: SealedWorkflow> Workflow for T {
    type Outputs = T::Gives;

    fn def() -> &'static WorkflowDef {
        T::data()
    }
}

/// The node that runs when the workflow failed; for expansions alone.
pub fn handler(node: impl WorkflowReturn) -> Source {
    node.__into_source()
}

/// The names of the outputs of `T`: those given, else those of the type.
///
/// # Panics
/// In a constant, at compile time: when the number of names is not the number of outputs.
#[must_use]
pub const fn workflow_output_names<T: SealedWorkflow>(given: &'static [&'static str]) -> &'static [&'static str] {
    let own = T::Gives::NAMES;
    assert!(given.is_empty() || given.len() == own.len(), "`outputs(..)` does not name exactly the promises that the workflow returns");
    if given.is_empty() { own } else { given }
}

/// What the macros know of a workflow.
#[derive(Debug)]
pub struct WorkflowParts {
    /// Its full name, segments joined by dots.
    pub name: &'static str,
    /// Its doc comment; empty when there is none.
    pub doc: &'static str,
    /// The file and the line that it is written at.
    pub at: (&'static str, u32),
    /// Its inputs, in the order of the signature.
    pub params: &'static [&'static dyn AnyParam],
    /// The names of its outputs.
    pub outputs: &'static [&'static str],
    /// Whether nodes that do not need the failed one still run.
    pub keep_going: bool,
    /// Whether its nodes may run on machines that can be taken away.
    pub interruptible: Option<bool>,
    /// What makes it a launch plan.
    pub launch: Option<&'static LaunchOptions>,
    /// Calls its function with promises of its inputs.
    pub build: fn() -> Built,
}

impl Built {
    /// For expansions alone.
    pub fn new<T: SealedWorkflow>(result: T::Returned, on_failure: Option<Source>) -> Self {
        Self { result: result.promised(), on_failure }
    }

    /// Of a launch plan without a body, which is registered elsewhere; for expansions alone.
    #[must_use]
    pub fn nothing() -> Self {
        Self { result: Source::All(Arc::default()), on_failure: None }
    }
}

impl WorkflowDef {
    /// For expansions alone.
    #[doc(hidden)]
    #[must_use]
    pub const fn of<T: SealedWorkflow>(parts: WorkflowParts) -> Self {
        let WorkflowParts { name, doc, at: (file, line), params, outputs, keep_going, interruptible, launch, build } = parts;
        Self { name, doc, file, line, params, outputs, types: T::Gives::literal_types, keep_going, interruptible, launch, build }
    }

    /// Its full name, segments joined by dots.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its doc comment; empty when there is none.
    #[must_use]
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// The source file that it is written in, as the compiler was told its path.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The line of the file that it begins on.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Whether it is a launch plan.
    #[must_use]
    pub fn is_launch_plan(&self) -> bool {
        self.launch.is_some()
    }

    /// Where it is registered, if it is a launch plan that is registered elsewhere.
    #[must_use]
    pub fn reference(&self) -> Option<&'static ReferenceSpec> {
        self.launch.and_then(|launch| launch.reference)
    }

    /// The outputs' names and types, in the order in which they are declared.
    pub(crate) fn output_types(&self, dialect: &Dialect) -> Vec<(&'static str, LiteralType)> {
        self.outputs.iter().copied().zip((self.types)(dialect)).collect()
    }
}

impl Definition for WorkflowDef {
    fn name(&self) -> &'static str {
        self.name
    }

    fn interface(&self) -> Interface {
        interface(self.params, self.output_types(&Dialect::FLYTE_1), &Dialect::FLYTE_1)
    }

    fn output_names(&self) -> &'static [&'static str] {
        self.outputs
    }
}

/// A workflow that announces itself; the macros submit one.
#[derive(Debug)]
pub struct RegisteredWorkflow(pub &'static WorkflowDef);

inventory::collect!(RegisteredWorkflow);

/// The workflows and launch plans of this binary, in the order of their names.
///
/// # Examples
/// ```standalone_crate
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[workflow(name = "app.quadruple")]
/// fn quadruple(x: Promise<i64>) -> Promise<i64> {
///     double::node(double::node(x))
/// }
/// # fn main() {
///
/// let names: Vec<_> = nebulakit::workflows().iter().map(|workflow| workflow.name()).collect();
/// assert_eq!(names, ["app.quadruple"]);
/// # }
/// ```
#[must_use]
pub fn workflows() -> Vec<&'static WorkflowDef> {
    let mut all: Vec<_> = inventory::iter::<RegisteredWorkflow>().map(|registered| registered.0).collect();
    all.sort_by_key(|workflow| (workflow.name, workflow.file, workflow.line));
    all
}
