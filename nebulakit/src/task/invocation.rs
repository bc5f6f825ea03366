//! A task with values for its inputs, as data; and who starts one from a running task.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use nebulakit_types::convert::reader::References;
use nebulakit_types::convert::writer::{Encoder, map_of_literals};
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputReader, TaskOutputs};
use nebulakit_types::{Dialect, Result};

use crate::task::definition::Definition;
use crate::task::error::TaskError;
use crate::task::value::Value;

/// A task with values for its inputs, as data: what `task::with(..)` gives. It is run, launched or called by others; `O` is what comes of it.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn divider(a: f64, #[default(2.0)] b: f64) -> f64 {
///     a / b
/// }
/// # fn main() {
///
/// let invocation = divider::with(7.0, Default);
/// assert!(invocation.definition().name().ends_with("divider"));
/// # }
/// ```
#[must_use = "an invocation does nothing by itself: it is run, launched or called"]
pub struct Invocation<O> {
    definition: &'static dyn Definition,
    values: Vec<(&'static str, Value)>,
    of: PhantomData<fn() -> O>,
}

impl<O> fmt::Debug for Invocation<O> {
    /// Without the values, which may be secrets of the task's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.values.iter().filter(|(_, value)| value.0.is_some()).map(|(name, _)| name).collect();
        f.debug_struct("Invocation").field("of", &self.definition.name()).field("inputs", &names).finish_non_exhaustive()
    }
}

impl<O> Invocation<O> {
    /// For expansions alone.
    #[doc(hidden)]
    pub fn new(definition: &'static dyn Definition, values: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self { definition, values: values.into_iter().collect(), of: PhantomData }
    }

    /// What is invoked.
    #[must_use]
    pub fn definition(&self) -> &'static dyn Definition {
        self.definition
    }

    /// The inputs as the bytes of an `inputs.pb`. Files, directories and tables that are on this machine stay where they are with an
    /// `outbox` for no place, and else are put into it.
    ///
    /// # Errors
    /// With the input's name: when a value cannot be encoded.
    pub fn inputs(&self, dialect: &'static Dialect, outbox: &mut Outbox) -> Result<Vec<u8>> {
        let mut literals = Vec::with_capacity(self.values.len());
        for (name, value) in &self.values {
            let Some(encode) = &value.0 else { continue };
            let mut encoder = Encoder::sending(dialect, std::mem::take(outbox));
            let encoded = encode(&mut encoder);
            *outbox = std::mem::take(encoder.outbox());
            encoded.map_err(|error| error.at_field(name))?;
            literals.push((*name, encoder.finish()));
        }
        Ok(map_of_literals(literals.iter().map(|(name, literal)| (*name, literal.as_slice()))))
    }
}

impl<O: TaskOutputs> Invocation<O> {
    /// What came of it, from the bytes of an `outputs.pb`.
    ///
    /// # Errors
    /// With the output's name: when one is missing, or of another type.
    pub fn outputs(&self, outputs: &[u8], references: &References) -> Result<O> {
        O::read(&mut OutputReader::parse(self.definition.output_names(), outputs, references)?)
    }
}

/// A task that a running task starts; see [`Caller`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Child {
    /// What is to be run.
    pub definition: &'static dyn Definition,
    /// Its inputs, as the bytes of an `inputs.pb`; their data is stored.
    pub inputs: Vec<u8>,
    /// How often a recoverable failure is repeated; [`None`] for as often as the task says.
    pub retries: Option<u32>,
    /// The group in which people are shown it.
    pub group: Option<String>,
}

impl Child {
    pub(crate) fn new(definition: &'static dyn Definition, inputs: Vec<u8>, retries: Option<u32>, group: Option<String>) -> Self {
        Self { definition, inputs, retries, group }
    }
}

/// A future of the bytes of an `outputs.pb`.
pub type Called = Pin<Box<dyn Future<Output = std::result::Result<Vec<u8>, TaskError>> + Send>>;

/// Starts the tasks that running tasks call by `task::call(&ctx, ..)`.
pub trait Caller: Send + Sync {
    /// Starts `child`. The future is over when the child is; dropping it gives the child up.
    fn call(&self, child: Child) -> Called;
}
