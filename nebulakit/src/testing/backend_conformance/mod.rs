//! Checks from outside whether a backend keeps the promises of [`Backend`](crate::backend::Backend), by the results of workflows that it runs.
//!
//! A test gives [`check`] a [`Subject`], usually a closure that creates the backend, and adds the suite's tasks with [`register`]:
//!
//! ```
//! use nebulakit::backend::LocalBackend;
//! use nebulakit::run::RunsFolder;
//! use nebulakit::testing::backend_conformance;
//!
//! backend_conformance::register!();
//!
//! # fn main() {
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! let local = |folder: &std::path::Path| LocalBackend::new(RunsFolder::open(folder).unwrap());
//! let chain = backend_conformance::cases().find(|case| case.name() == "shapes::a_chain_passes_on_what_each_node_gives").unwrap();
//! assert_eq!(chain.check(&local).await, Ok(backend_conformance::Verdict::Kept));
//! # });
//! # }
//! ```
//!
//! If a backend's [`Capabilities`](crate::backend::Capabilities) lack something that a case needs, the case checks that the graph is
//! refused when it is compiled, with every reason that [`Capabilities::missing`](crate::backend::Capabilities::missing) returns.
//!
//! If tasks run in other programs, as workers, in containers or on a cluster, those programs need `register!();` too.

mod bench;
mod case;
mod check;
mod constructs;
mod control;
mod ended;
mod failures;
mod gates;
mod maps;
mod quiet;
mod records;
mod shapes;
mod subject;
mod tasks;

pub use self::case::{Case, Verdict};
pub use self::subject::Subject;
pub use self::tasks::tasks;
pub use super::broken::{Broken, NotConforming};
pub use crate::__register_conformance_tasks as register;

/// Adds the tasks that the suite runs to this program: write it as one line, next to the functions.
#[doc(hidden)]
#[macro_export]
macro_rules! __register_conformance_tasks {
    () => {
        $crate::__private::inventory::submit! {
            $crate::__private::Collected($crate::testing::backend_conformance::tasks)
        }
    };
}

/// Every case, so that a test can run each on its own.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    [shapes::CASES, maps::CASES, constructs::CASES, gates::CASES, failures::CASES, control::CASES, records::CASES].into_iter().flatten()
}

/// Tests `subject` with every case, even after one has failed. It needs a tokio runtime with time.
///
/// # Errors
/// All cases that failed, each with what was found instead.
pub async fn check(subject: &dyn Subject) -> Result<(), NotConforming> {
    let mut broken = Vec::new();
    for case in cases() {
        broken.extend(case.check(subject).await.err());
    }
    NotConforming::unless_kept("backend", broken)
}
