//! Everything that is wrong with a graph, found in time linear in its size but for [`MAX_COMPARISONS`], and without recursion but for what
//! [`MAX_NESTING`] bounds.

mod bindings;
mod checks;
mod conditions;
mod entities;
mod fits;
mod given;
mod handler;
mod launch_plans;
mod maps;
mod names;
mod nodes;
mod order;
mod overrides;
mod recursion;
mod scopes;
mod signals;
mod tables;
mod words;

use self::checks::Checks;
pub use self::checks::{MAX_COMPARISONS, MAX_NESTING, MAX_PROBLEMS};
pub(crate) use self::entities::optional_of;
use self::entities::{Entities, Lists};
pub(crate) use self::fits::is_optional;
pub(crate) use self::given::part;
pub(crate) use self::names::label;
use super::Graph;
use super::problem::Problems;

impl Graph {
    /// Everything that is wrong with it and with the workflows that it holds: in the order of the workflows' names, itself first, and within a
    /// workflow in the order of its nodes.
    #[must_use]
    pub fn problems(&self) -> Problems {
        let lists = Lists::of(self);
        let mut checks = Checks::new(Entities::new(self, &lists));
        tables::tables(&mut checks);
        recursion::recursion(&mut checks);
        for graph in std::iter::once(self).chain(self.workflows.values()) {
            if checks.is_full() {
                break;
            }
            let mut workflow = scopes::workflow(&mut checks, graph);
            scopes::body(&mut checks, &mut workflow);
            handler::handler(&mut checks, &mut workflow);
            order::order(&mut checks, &workflow);
            launch_plans::launch_plan(&mut checks, graph);
        }
        signals::signals(&mut checks);
        checks.problems()
    }

    /// Whether nothing is wrong with it.
    ///
    /// # Errors
    /// Everything that is, at once.
    pub fn validate(&self) -> Result<(), Problems> {
        self.problems().or(())
    }
}
