//! What can be invoked, of any kind.

use std::any::Any;
use std::fmt::Debug;

use nebulakit_types::Interface;

/// What can be invoked: a [`TaskDef`](crate::TaskDef), or anything else with a name, inputs and outputs.
pub trait Definition: Any + Debug + Sync {
    /// Its full name, segments joined by dots.
    fn name(&self) -> &'static str;

    /// What it takes and gives.
    fn interface(&self) -> Interface;

    /// The names of its outputs, in the order in which they are declared.
    fn output_names(&self) -> &'static [&'static str];
}
