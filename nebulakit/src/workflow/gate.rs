//! Nodes that wait: for somebody's consent, for a value, for time.

use std::panic::Location;

use nebulakit_types::NebulaType;

use crate::graph::{Place, Problem, ProblemKind};
use crate::workflow::arm::IntoArm;
use crate::workflow::duration::IntoDuration;
use crate::workflow::node::{Node, Source, Target};
use crate::workflow::promise::Promise;

/// Gives `value` on once somebody has approved `signal`; a refusal fails the node.
///
/// `.timeout(..)` says how long it waits.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[workflow]
/// fn released(model: Promise<File>) -> Promise<File> {
///     gate::approve("release", model).timeout("24h")
/// }
/// # fn main() -> anyhow::Result<()> {
/// # released::graph()?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn approve<T: NebulaType>(signal: impl Into<String>, value: impl IntoArm<T>) -> Promise<T> {
    let target = Target::Approve { signal: signal.into(), of: T::literal_type };
    Promise::of_node(Node::new(Location::caller(), target, vec![value.into_arm().__into_source()]))
}

/// Waits for a value that somebody gives for `signal`.
///
/// `.timeout(..)` says how long it waits.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[workflow]
/// fn asked() -> Promise<f64> {
///     gate::wait_for::<f64>("threshold").timeout("1h")
/// }
/// # fn main() -> anyhow::Result<()> {
/// # asked::graph()?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn wait_for<T: NebulaType>(signal: impl Into<String>) -> Promise<T> {
    Promise::of_node(Node::new(Location::caller(), Target::Wait { signal: signal.into(), of: T::literal_type }, Vec::new()))
}

/// Lets time pass: `"10m"`, or a [`Duration`](std::time::Duration).
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn vacuum(database: String) {
///     let _ = database;
/// }
///
/// #[workflow]
/// fn settled(database: Promise<String>) -> Promise<()> {
///     vacuum::node(database).after(gate::sleep("10m"))
/// }
/// # fn main() -> anyhow::Result<()> {
/// # settled::graph()?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn sleep(time: impl IntoDuration) -> Promise<()> {
    match time.__into_duration() {
        Ok(time) => Promise::of_node(Node::new(Location::caller(), Target::Sleep(time), Vec::new())),
        Err(problem) => {
            let problem = Problem::new(ProblemKind::Gate, problem).at(Place::from(Location::caller()));
            Promise::new(Source::fault(problem, Vec::new()))
        }
    }
}
