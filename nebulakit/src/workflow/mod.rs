//! What workflows are written with: promises, conditions, maps, gates.
//!
//! A workflow is a function of promises. It is called once, and its graph is what its result reaches.

pub(crate) mod arm;
pub(crate) mod build;
pub(crate) mod condition;
pub(crate) mod def;
pub(crate) mod duration;
pub(crate) mod dynamic;
pub(crate) mod each;
pub mod gate;
pub(crate) mod given;
pub mod hints;
pub(crate) mod launch;
pub(crate) mod lists;
pub(crate) mod making;
pub(crate) mod node;
pub(crate) mod nodes;
pub(crate) mod overrides;
pub(crate) mod parts;
pub(crate) mod promise;
pub(crate) mod returns;

pub use self::arm::IntoArm;
pub use self::condition::{Compare, Condition, IntoCondition, Order, When, when};
pub use self::def::{Workflow, workflows};
pub use self::duration::IntoDuration;
pub use self::each::{Each, IntoEach, Mode, Over, Same, TakesEach};
pub use self::given::{Failure, IntoPromise, Takes};
pub use self::launch::{LaunchOptions, LaunchSchedule, NotifyOptions};
pub use self::node::WorkflowDef;
pub use self::nodes::{Nodes, all};
pub use self::promise::{Parts, Promise};
pub use self::returns::{DynamicReturn, WorkflowReturn};
