//! One case of the suite.

use std::fmt;

use futures_util::future::BoxFuture;

use super::bench::Bench;
use super::check::{Check, Stop};
use super::subject::Subject;
use crate::testing::broken::Broken;

/// One case of the suite: a promise that every backend keeps.
#[derive(Clone, Copy)]
pub struct Case {
    pub(super) name: &'static str,
    pub(super) check: for<'b> fn(&'b Bench<'b>) -> BoxFuture<'b, Check>,
}

/// The result of a case that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The backend keeps the promise.
    Kept,
    /// The backend says that it lacks a capability that the case needs, and refuses it for that reason.
    Refused,
}

impl Case {
    /// Its name: its module and what it promises, such as `maps::an_empty_list_succeeds_without_jobs`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Tests `subject`. It needs a tokio runtime with time.
    ///
    /// # Errors
    /// What was found instead of what is promised.
    pub async fn check(&self, subject: &dyn Subject) -> Result<Verdict, Broken> {
        let broken = |found| Broken { promise: self.name, found };
        let bench = Bench::new(subject).map_err(|error| broken(format!("there is no folder for it: {error}")))?;
        match (self.check)(&bench).await {
            Ok(()) => Ok(Verdict::Kept),
            Err(Stop::Refused) => Ok(Verdict::Refused),
            Err(Stop::Broken(found)) => Err(broken(found)),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

/// The cases of a module, which are functions in it.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub(super) const CASES: &[Case] = &[$(Case {
            name: {
                const PATH: &str = concat!(module_path!(), "::", stringify!($case));
                PATH.split_at("nebulakit::testing::backend_conformance::".len()).1
            },
            check: |bench| Box::pin($case(bench)),
        }),*];
    };
}
pub(super) use cases;
