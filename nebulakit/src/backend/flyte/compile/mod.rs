//! Graphs as what Flyte 1 registers: tasks, workflows and launch plans.
//!
//! [`compile`] turns a [`Program`] into a [`Compiled`]: data, the same at every call, in the order in which it is to be registered. What the
//! platform would refuse, drop or die of is refused here, all reasons at once. Everything follows the Flyte registration contract.
//!
//! The platform knows less than a graph, so some nodes run what nobody wrote. The names of these entities begin with that of the workflow or
//! the task that they are for, and have a `-` behind the last dot, which names in Rust cannot have:
//!
//! | name | for |
//! |---|---|
//! | `task.map-a-b` | maps of a task over its inputs `a` and `b`; `task.try-map-a-b` where elements may fail |
//! | `workflow.map-a-b`, `workflow.map-4-a` | maps of a workflow, with a limit of 4 at once: a task that makes a node of each element |
//! | `workflow.n2-0`, `workflow.n2-else` | arms of the condition `n2` that are more than one node; sub-workflows, which are not registered on their own |
//! | `workflow.pass-1a2b3c4d` | a part of a value that a condition compares, and arms that give values on as they are |

mod bindings;
mod compiled;
mod conditions;
mod elements;
mod files;
mod frame;
mod futures;
mod generated;
mod ids;
mod jobs;
mod launch_plans;
mod made;
mod maps;
mod nodes;
mod options;
mod order;
mod pass;
mod program;
mod references;
mod refused;
mod scopes;
mod settings;
mod specs;
mod tables;
mod tasks;

pub use self::compiled::{Compiled, Entity};
pub use self::files::LocalFile;
#[doc(hidden)]
pub use self::futures::futures;
pub use self::generated::Generated;
pub use self::options::{Options, Target};
pub use self::program::Program;
#[cfg(feature = "flyte")]
pub(crate) use self::references::shown;
use crate::graph::Problems;

/// Compiles all of `program` for a platform.
///
/// # Errors
/// Everything that the platform would refuse, drop or die of, at once, each with the place in the source.
///
/// # Examples
/// ```
/// use nebulakit::backend::flyte::compile::{Options, Program, compile};
/// use nebulakit::prelude::*;
///
/// #[task(name = "app.double")]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[workflow(name = "app.quadruple")]
/// fn quadruple(x: Promise<i64>) -> Promise<i64> {
///     double::node(double::node(x))
/// }
/// # fn main() -> anyhow::Result<()> {
/// let options = Options::new("ghcr.io/me/app:1", "/app").target("flytesnacks", "development", "v1");
/// let compiled = compile(&Program::of([quadruple::graph()?]), &options)?;
/// let names: Vec<_> = compiled.entities.iter().map(|entity| entity.id().name.as_str()).collect();
/// // The task, the workflow, and the launch plan that every workflow has.
/// assert_eq!(names, ["app.double", "app.quadruple", "app.quadruple"]);
/// # Ok(())
/// # }
/// ```
pub fn compile(program: &Program, options: &Options) -> Result<Compiled, Problems> {
    let tables = tables::Tables::of(program);
    refused::refused(program, &tables, options).or(())?;
    let compiled = specs::specs(&tables, options);
    refused::too_large(&compiled, &tables, options).or(compiled)
}

/// What stands in Flyte for what it does not have of `program`, in the order of names; nothing if Flyte cannot run the program.
#[cfg(feature = "run")]
pub(crate) fn generated(program: &Program) -> Vec<Generated> {
    let options = Options::new("image", "/app").max_nodes(usize::MAX);
    let tables = tables::Tables::of(program);
    if refused::everywhere(program, &tables, &options).or(()).is_err() {
        return Vec::new();
    }
    let mut found: Vec<_> = made::all_made(&tables, &options).into_values().flat_map(|made| made.needs.generated).collect();
    found.sort();
    found
}
