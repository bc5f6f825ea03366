//! The inputs and outputs of executions, nodes and attempts, as the bytes of an `inputs.pb` or an `outputs.pb`.

use nebulakit_types::wire::flyteidl::admin::UrlBlob;
use nebulakit_types::wire::flyteidl::core::LiteralMap;
use prost::Message as _;

use super::super::client::FlyteClient;
use super::super::error::ClientError;

/// The values that the control plane gives inline; those that are too large for that are downloaded from where it says.
pub(super) async fn values(client: &FlyteClient, inline: Option<LiteralMap>, stored: Option<UrlBlob>) -> Result<Vec<u8>, ClientError> {
    match (inline.filter(|inline| !inline.literals.is_empty()), stored) {
        (Some(inline), _) => Ok(inline.encode_to_vec()),
        (None, Some(UrlBlob { url, bytes })) if !url.is_empty() && bytes > 0 => client.download(&url, bytes.unsigned_abs()).await,
        _ => Ok(Vec::new()),
    }
}
