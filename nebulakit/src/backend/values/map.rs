//! The elements of a map: their inputs, taken from lists, and their outputs, put into lists.

use bytes::Bytes;
use nebulakit_types::{Error, Result};

use super::{elements, list, literals, named, none};
use crate::graph::Success;

/// An input of a map.
pub(in crate::backend) enum Input<'g> {
    /// The same for every element.
    Shared(&'g str, Bytes),
    /// One for each element.
    Each(&'g str, Vec<Bytes>),
}

/// Why inputs are not those of a map.
#[derive(Debug)]
pub(in crate::backend) enum NoMap {
    /// The value of that name is no list.
    NoList(String, Error),
    /// The lists have no common length.
    Lengths(String),
}

impl<'g> Input<'g> {
    /// What the element at `index` gets.
    pub(in crate::backend) fn of(&self, index: usize) -> (&'g str, Bytes) {
        match self {
            Self::Shared(name, value) => (name, value.clone()),
            Self::Each(name, values) => (name, values[index].clone()),
        }
    }
}

/// The inputs of a map of whose inputs those that are `mapped` are lists, and how many elements there are.
///
/// # Errors
/// When one of them is no list, or not as long as the others.
pub(in crate::backend) fn lists<'g>(
    inputs: Vec<(&'g str, Bytes)>,
    is_mapped: impl Fn(&str) -> bool,
) -> Result<(Vec<Input<'g>>, usize), NoMap> {
    let (mut all, mut count) = (Vec::new(), None);
    for (name, bound) in inputs {
        if !is_mapped(name) {
            all.push(Input::Shared(name, bound));
            continue;
        }
        let each = elements(&bound).map_err(|error| NoMap::NoList(name.to_owned(), error))?;
        let expected = *count.get_or_insert(each.len());
        if each.len() != expected {
            let said = format!("input arrays have different lengths: expecting '{expected}' found '{}', of `{name}`", each.len());
            return Err(NoMap::Lengths(said));
        }
        all.push(Input::Each(name, each));
    }
    let count = count.ok_or_else(|| NoMap::Lengths("no input array provided".to_owned()))?;
    Ok((all, count))
}

/// How many elements must succeed.
///
/// # Errors
/// When there are not so many.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a part of a length is one")]
pub(in crate::backend) fn needed(success: Success, elements: usize) -> Result<usize, NoMap> {
    let needed = match success {
        Success::All => elements,
        Success::Count(count) => count as usize,
        Success::Ratio(ratio) => (f64::from(ratio) * elements as f64).ceil() as usize,
    };
    if needed > elements {
        return Err(NoMap::Lengths(format!("at least {needed} elements must succeed, but the lists have {elements}")));
    }
    Ok(needed)
}

/// The outputs of the elements as lists, by the names of the outputs: the bytes of an `outputs.pb`. An element that failed gives none.
///
/// # Errors
/// With the output of which one cannot be read.
pub(in crate::backend) fn gathered<'g>(outputs: impl Iterator<Item = &'g str>, given: &[Option<Bytes>]) -> Result<Bytes, (&'g str, Error)> {
    let mut lists = Vec::new();
    for output in outputs {
        let values = given.iter().map(|given| match given {
            Some(outputs) => Ok(named(outputs, output)?.unwrap_or_else(none)),
            None => Ok(none()),
        });
        let gathered = values.collect::<Result<Vec<_>>>().and_then(|values| list(&values));
        lists.push((output, gathered.map_err(|error| (output, error))?));
    }
    Ok(literals(&lists))
}
