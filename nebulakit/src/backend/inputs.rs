//! Checks that the inputs given to a workflow are what it takes.

use bytes::Bytes;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::{Error, ErrorKind};

use super::driver::literals_of;
use crate::graph::{Graph, is_optional};

/// Checks the bytes of an `inputs.pb` against the inputs of `graph`; returns everything that is wrong, each with the name of the input.
pub(super) fn unfit(graph: &Graph, given: &Bytes) -> Result<Vec<String>, Error> {
    let given = literals_of(given)?;
    let mut wrong = Vec::new();
    for (name, literal) in &given {
        match graph.inputs.iter().find(|input| input.name == *name) {
            None => wrong.push(format!("`{}` takes no input `{name}`", graph.name)),
            Some(input) => match check(LiteralRef::new(literal, References::none()), &input.literal_type) {
                // What is stored elsewhere is looked at where it is used.
                Err(error) if error.kind() != ErrorKind::NotFetched => wrong.push(format!("the input `{name}`: {error}")),
                _ => {}
            },
        }
    }
    let missing = graph.inputs.iter().filter(|input| {
        let is_given = given.iter().any(|(name, _)| *name == input.name);
        !is_given && input.default.is_none() && !is_optional(&input.literal_type)
    });
    wrong.extend(missing.map(|input| format!("the input `{}` ({}) is missing", input.name, input.literal_type)));
    Ok(wrong)
}
