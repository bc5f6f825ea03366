//! What can be invoked, of any kind.

use std::any::Any;
use std::fmt::Debug;

use nebulakit_types::{Dialect, Interface, LiteralType, Variable};

use crate::task::param::AnyParam;

/// What can be invoked: a [`TaskDef`](crate::TaskDef), or anything else with a name, inputs and outputs.
pub trait Definition: Any + Debug + Sync {
    /// Its full name, segments joined by dots.
    fn name(&self) -> &'static str;

    /// What it takes and gives.
    fn interface(&self) -> Interface;

    /// The names of its outputs, in the order in which they are declared.
    fn output_names(&self) -> &'static [&'static str];
}

/// An input or an output of an interface. What nothing is said of is described by its name, as flytekit does it.
pub(crate) fn described(name: &str, literal_type: LiteralType, doc: &str) -> Variable {
    let description = if doc.is_empty() { name } else { doc.trim() }.to_owned();
    Variable { description, ..Variable::new(name, literal_type) }
}

/// What takes `params` and gives `outputs`, as `dialect` has it.
pub(crate) fn interface(params: &[&dyn AnyParam], outputs: Vec<(&str, LiteralType)>, dialect: &Dialect) -> Interface {
    Interface {
        inputs: params.iter().map(|param| described(param.name(), param.literal_type(dialect), param.doc())).collect(),
        outputs: outputs.into_iter().map(|(name, literal_type)| described(name, literal_type, "")).collect(),
    }
}
