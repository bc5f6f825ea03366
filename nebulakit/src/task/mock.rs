//! Closures that stand in for tasks, as tests give them.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use nebulakit_types::Dialect;
use nebulakit_types::Result as Checked;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputWriter, TaskOutputs};

use crate::task::failure::Failure;
use crate::task::inputs::Inputs;
use crate::task::returns::{Ended, Function, Prepared};

/// A closure that stands in for a task: what `task::mock(|a, b| ..)` gives. [`RunLocal::mock`](crate::backend::RunLocal::mock) takes it.
///
/// The closure takes what the task takes, without its [`Context`](crate::Context), and gives what the task gives, a `Result` of that, or a
/// future of either. It is called where the task would run, as often as that, and by several threads at once.
#[derive(Clone)]
#[must_use = "a mock does nothing before a run is given it"]
pub struct Mock {
    task: &'static str,
    prepare: Arc<Prepare>,
}

/// Converts the inputs, and gives the call of the closure.
type Prepare = dyn Fn(&mut Inputs<'_>) -> Checked<Prepared> + Send + Sync;

impl Mock {
    pub(super) fn new(task: &'static str, prepare: impl Fn(&mut Inputs<'_>) -> Checked<Prepared> + Send + Sync + 'static) -> Self {
        Self { task, prepare: Arc::new(prepare) }
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mock").field(&self.task).finish()
    }
}

/// The mocks of a run, by the full names of their tasks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mocks(Arc<HashMap<&'static str, Mock>>);

impl Mocks {
    /// One more; of two for one task the later one counts.
    #[cfg(feature = "run")]
    pub(crate) fn add(&mut self, mock: Mock) {
        Arc::make_mut(&mut self.0).insert(mock.task, mock);
    }

    /// Whether nothing stands in for any task.
    #[cfg(feature = "run")]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something stands in for the task.
    pub(crate) fn has(&self, task: &str) -> bool {
        !self.0.is_empty() && self.0.contains_key(task)
    }

    /// What stands in for the task, if something does.
    pub(crate) fn prepare(&self, task: &str) -> Option<&Prepare> {
        self.0.get(task).map(|mock| &*mock.prepare)
    }
}

/// What a closure in place of a task that gives `O` returns: an `O`, a `Result` of it, or a future of either. `M` tells these apart.
#[diagnostic::on_unimplemented(
    message = "this mock does not give what its task gives",
    label = "the closure gives `{Self}`",
    note = "expected `{O}`, a `Result` of it, or a future of either"
)]
pub trait MockReturn<O, M>: Sized {
    #[doc(hidden)]
    fn prepared(outputs: &'static [&'static str], call: impl FnOnce() -> Self + Send + 'static) -> Prepared;
}

/// For [`MockReturn`]: the outputs themselves.
#[derive(Debug)]
pub struct Plain;

/// For [`MockReturn`]: the outputs, or an error.
#[derive(Debug)]
pub struct Fallible;

/// For [`MockReturn`]: a future of what `M` stands for.
#[derive(Debug)]
pub struct Later<M>(M);

#[diagnostic::do_not_recommend]
impl<O: TaskOutputs> MockReturn<O, Plain> for O {
    fn prepared(outputs: &'static [&'static str], call: impl FnOnce() -> Self + Send + 'static) -> Prepared {
        blocking(outputs, move || Ok(call()))
    }
}

#[diagnostic::do_not_recommend]
impl<O: TaskOutputs, E: Into<anyhow::Error>> MockReturn<O, Fallible> for Result<O, E> {
    fn prepared(outputs: &'static [&'static str], call: impl FnOnce() -> Self + Send + 'static) -> Prepared {
        blocking(outputs, move || call().map_err(Into::into))
    }
}

#[diagnostic::do_not_recommend]
impl<O: TaskOutputs, F: Future<Output = O> + Send> MockReturn<O, Later<Plain>> for F {
    fn prepared(outputs: &'static [&'static str], call: impl FnOnce() -> Self + Send + 'static) -> Prepared {
        future(outputs, async move { Ok(call().await) })
    }
}

#[diagnostic::do_not_recommend]
impl<O: TaskOutputs, E: Into<anyhow::Error>, F: Future<Output = Result<O, E>> + Send> MockReturn<O, Later<Fallible>> for F {
    fn prepared(outputs: &'static [&'static str], call: impl FnOnce() -> Self + Send + 'static) -> Prepared {
        future(outputs, async move { call().await.map_err(Into::into) })
    }
}

fn blocking<O: TaskOutputs>(names: &'static [&'static str], call: impl FnOnce() -> anyhow::Result<O> + Send + 'static) -> Prepared {
    Prepared(Function::Blocking(Box::new(move |dialect, outbox| ended(names, call(), dialect, outbox))))
}

fn future<O: TaskOutputs>(names: &'static [&'static str], call: impl Future<Output = anyhow::Result<O>> + Send + 'static) -> Prepared {
    Prepared(Function::Future(Box::new(move |dialect, outbox| Box::pin(async move { ended(names, call.await, dialect, outbox) }))))
}

fn ended<O: TaskOutputs>(names: &'static [&'static str], returned: anyhow::Result<O>, dialect: &'static Dialect, outbox: Outbox) -> Ended {
    let outputs = returned.map_err(Failure::of_task)?;
    let mut writer = OutputWriter::new(names, dialect, outbox);
    outputs.write(&mut writer).map_err(|error| Failure::of_outputs(&error))?;
    Ok(writer.finish())
}
