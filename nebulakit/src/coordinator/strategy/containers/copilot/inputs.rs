//! The inputs of a container task, all of them: a program has no defaults.

use std::collections::BTreeMap;

use nebulakit_types::literal::LiteralValue;
use nebulakit_types::storage::Storage;
use nebulakit_types::{Dialect, Error, ErrorKind, Literal, Result};

use crate::task::def::TaskDef;

/// The inputs by name, from the bytes of an `inputs.pb`: those that are left out have their default, and literals that lie in files of their own have
/// come from there.
///
/// # Errors
/// With the input's name: when one is missing, or cannot be read; when one came that the task does not take.
pub(crate) async fn complete(task: &TaskDef, inputs: &[u8], storage: &Storage) -> Result<BTreeMap<String, Literal>> {
    let mut inputs = Literal::decode_map(inputs)?;
    if let Some(surplus) = inputs.keys().find(|name| task.params.iter().all(|param| param.name() != *name)) {
        let message = format!("the input `{surplus}` came besides those that the task `{}` takes", task.name);
        return Err(Error::new(ErrorKind::Mismatch, message));
    }
    for param in task.params {
        let name = param.name();
        if inputs.contains_key(name) {
            continue;
        }
        let literal = match param.default_literal(&Dialect::FLYTE_1) {
            Some(literal) => literal.and_then(|literal| Literal::decode(&literal)).map_err(|error| error.at_field(name))?,
            None if param.is_optional() => Literal::none(),
            None => {
                let expected = param.literal_type(&Dialect::FLYTE_1);
                return Err(Error::new(ErrorKind::Missing, format!("the input is missing; expected `{expected}`")).at_field(name));
            }
        };
        inputs.insert(name.to_owned(), literal);
    }
    fetch(&mut inputs, storage).await?;
    Ok(inputs)
}

/// Fetches the literals among `inputs` that lie in files of their own.
///
/// # Errors
/// With the input's name: when one cannot be fetched.
pub(crate) async fn fetch(inputs: &mut BTreeMap<String, Literal>, storage: &Storage) -> Result<()> {
    for (name, literal) in inputs {
        Box::pin(fetch_one(literal, storage)).await.map_err(|error| error.at_field(name))?;
    }
    Ok(())
}

/// Puts what an offloaded literal refers to in its place, where the copilot does: at the top, and in maps.
async fn fetch_one(literal: &mut Literal, storage: &Storage) -> Result<()> {
    if let LiteralValue::Offloaded { uri, .. } = &literal.value {
        *literal = Literal::decode(&storage.get(uri).await?)?;
    }
    if let LiteralValue::Map(entries) = &mut literal.value {
        for (key, literal) in entries {
            Box::pin(fetch_one(literal, storage)).await.map_err(|error| error.at_key(key))?;
        }
    }
    Ok(())
}
