//! The inputs and outputs of executions, nodes and attempts, as the bytes of an `inputs.pb` or an `outputs.pb`.
//!
//! The platform keeps large values apart from these, and leaves a note in their place; they are read from there.

use futures_util::future::BoxFuture;
use nebulakit_types::wire::flyteidl::admin::UrlBlob;
use nebulakit_types::wire::flyteidl::core::{Literal, LiteralMap, literal};
use prost::Message as _;

use super::super::client::FlyteClient;
use super::super::error::ClientError;

/// How deep values are looked through for notes.
const DEEPEST: usize = 32;

/// The values that the control plane gives inline; those that are too large for that are downloaded from where it says.
pub(super) async fn values(client: &FlyteClient, inline: Option<LiteralMap>, stored: Option<UrlBlob>) -> Result<Vec<u8>, ClientError> {
    match (inline.filter(|inline| !inline.literals.is_empty()), stored) {
        (Some(inline), _) => Ok(whole(client, inline.encode_to_vec()).await),
        (None, Some(UrlBlob { url, bytes })) if !url.is_empty() && bytes > 0 => {
            Ok(whole(client, client.download(&url, bytes.unsigned_abs()).await?).await)
        }
        _ => Ok(Vec::new()),
    }
}

/// The values with those that are kept apart. One that cannot be read stays as the note, which says where it is.
pub(super) async fn whole(client: &FlyteClient, bytes: Vec<u8>) -> Vec<u8> {
    // The reader refuses what is not a map of literals.
    let Ok(mut values) = LiteralMap::decode(bytes.as_slice()) else { return bytes };
    if !values.literals.values().any(|literal| has_note(literal, 0)) {
        return bytes;
    }
    for literal in values.literals.values_mut() {
        fill(client, literal, 0).await;
    }
    values.encode_to_vec()
}

fn has_note(literal: &Literal, depth: usize) -> bool {
    match &literal.value {
        _ if depth == DEEPEST => false,
        Some(literal::Value::OffloadedMetadata(_)) => true,
        Some(literal::Value::Collection(list)) => list.literals.iter().any(|literal| has_note(literal, depth + 1)),
        Some(literal::Value::Map(map)) => map.literals.values().any(|literal| has_note(literal, depth + 1)),
        _ => false,
    }
}

fn fill<'a>(client: &'a FlyteClient, literal: &'a mut Literal, depth: usize) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        match &mut literal.value {
            _ if depth == DEEPEST => {}
            Some(literal::Value::OffloadedMetadata(note)) => match client.stored(&note.uri).await {
                Ok(bytes) => match Literal::decode(bytes.as_slice()) {
                    Ok(value) => literal.value = value.value,
                    Err(error) => tracing::warn!(%error, "`{}` is not the value that is kept there", note.uri),
                },
                Err(error) => tracing::warn!("the value at `{}` is shown as where it is: {}", note.uri, error.message()),
            },
            Some(literal::Value::Collection(list)) => {
                for literal in &mut list.literals {
                    fill(client, literal, depth + 1).await;
                }
            }
            Some(literal::Value::Map(map)) => {
                for literal in map.literals.values_mut() {
                    fill(client, literal, depth + 1).await;
                }
            }
            _ => {}
        }
    })
}
