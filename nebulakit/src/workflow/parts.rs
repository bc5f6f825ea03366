//! Parts of promises: fields of structs, elements of lists and maps, and each of several outputs.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::panic::Location;
use std::sync::Arc;

use nebulakit_types::literal::LiteralValue;
use nebulakit_types::{Literal, NebulaType};

use crate::graph::{Place, Problem, ProblemKind, Step};
use crate::workflow::node::Source;
use crate::workflow::promise::{Parts, Promise};

impl<T: 'static> Promise<Vec<T>> {
    /// The element at `index`, from 0.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    ///
    /// #[task]
    /// fn double(x: i64) -> i64 {
    ///     2 * x
    /// }
    ///
    /// #[workflow]
    /// fn first(xs: Promise<Vec<i64>>) -> Promise<i64> {
    ///     double::node(xs.at(0))
    /// }
    /// # fn main() -> anyhow::Result<()> {
    /// # first::graph()?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn at(&self, index: usize) -> Promise<T> {
        // A list has fewer elements than that on any platform.
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Promise::new(self.source().part(Step::Index(index), Location::caller()))
    }
}

macro_rules! maps {
    ($($map:ident)*) => {$(
        impl<T: 'static> Promise<$map<String, T>> {
            /// The value under `key`.
            #[track_caller]
            pub fn key(&self, key: impl Into<String>) -> Promise<T> {
                Promise::new(self.source().part(Step::Key(Cow::Owned(key.into())), Location::caller()))
            }
        }
    )*};
}

maps! { HashMap BTreeMap }

impl Source {
    /// A part of the value.
    fn part(&self, step: Step, at: &'static Location<'static>) -> Self {
        let missing = || {
            let message = match &step {
                Step::Index(index) => format!("the list has no element {index}; the first is 0"),
                Step::Key(key) => format!("`{key}` is not in the constant"),
            };
            let problem = Problem::new(ProblemKind::Unknown, message).at(Place::from(at));
            let problem = match self {
                Self::Constant(_) => problem.hint("take the part of the value itself, before it becomes a promise"),
                _ => problem,
            };
            Self::fault(problem, vec![self.clone()])
        };
        match self {
            Self::Also(also) => return Self::Also(Arc::new((also.0.part(step, at), also.1.clone()))),
            Self::Constant(literal) => return part_of_constant(literal, &step).unwrap_or_else(missing),
            Self::List(list) => {
                let Step::Index(index) = &step else { return missing() };
                return list.get(*index as usize).cloned().unwrap_or_else(missing);
            }
            Self::Map(map) => {
                let Step::Key(key) = &step else { return missing() };
                return map.iter().find(|(known, _)| known == key.as_ref()).map_or_else(missing, |(_, source)| source.clone());
            }
            _ => {}
        }
        let mut source = self.clone();
        match &mut source {
            Self::Input { path, .. } => path.push(step),
            Self::Node { path, output, .. } => {
                output.get_or_insert(0);
                path.push(step);
            }
            _ => {}
        }
        source
    }
}

fn part_of_constant(literal: &[u8], step: &Step) -> Option<Source> {
    let value = match (Literal::decode(literal).ok()?.value, step) {
        (LiteralValue::Collection(elements), Step::Index(index)) => elements.into_iter().nth(*index as usize)?,
        (LiteralValue::Map(mut entries), Step::Key(key)) => entries.remove(key.as_ref())?,
        _ => return None,
    };
    Some(Source::Constant(value.encode().into()))
}

/// A field of a struct; for expansions alone.
#[track_caller]
pub fn field<S, T>(whole: &Promise<S>, name: &'static str) -> Promise<T> {
    Promise::new(whole.source().part(Step::Key(Cow::Borrowed(name)), Location::caller()))
}

/// One of several outputs; for expansions alone.
pub fn output<S, T>(whole: &Promise<S>, index: u32) -> Promise<T> {
    Promise::new(whole.source().output(index))
}

impl Source {
    /// One of several outputs.
    pub(super) fn output(&self, index: u32) -> Self {
        match self {
            Self::Node { node, .. } => Self::Node { node: node.clone(), output: Some(index), path: Vec::new() },
            Self::Outputs(outputs) => outputs.get(index as usize).cloned().unwrap_or(Self::Default),
            Self::Also(also) => Self::Also(Arc::new((also.0.output(index), also.1.clone()))),
            other => other.clone(),
        }
    }
}

/// Outputs of several nodes, put together; for expansions alone.
pub fn outputs<O>(sources: Vec<Source>) -> Promise<O> {
    Promise::new(Source::Outputs(Arc::new(sources)))
}

macro_rules! tuples {
    ($($($element:ident $index:tt),*;)*) => {$(
        impl<$($element: 'static),*> Parts for ($($element,)*) {
            type Parts = ($(Promise<$element>,)*);

            fn parts(whole: &Promise<Self>) -> Self::Parts {
                ($(output::<_, $element>(whole, $index),)*)
            }
        }

        impl<$($element: 'static),*> Promise<($($element,)*)> {
            /// Each output, as a promise of its own.
            pub fn split(&self) -> ($(Promise<$element>,)*) {
                Parts::parts(self)
            }
        }

        /// Outputs of several nodes, put together.
        impl<$($element: NebulaType),*> From<($(Promise<$element>,)*)> for Promise<($($element,)*)> {
            fn from(parts: ($(Promise<$element>,)*)) -> Self {
                outputs(vec![$(parts.$index.__into_source()),*])
            }
        }
    )*};
}

tuples! {
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
}

impl<T> From<Promise<T>> for Promise<Option<T>> {
    fn from(value: Promise<T>) -> Self {
        value.read_as()
    }
}
