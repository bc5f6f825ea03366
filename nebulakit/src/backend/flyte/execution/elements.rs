//! What came of an element of a map, as its own documents in the store say it. The platform itself tells only of the map.

use nebulakit_types::wire::flyteidl::core::ErrorDocument;
use prost::Message as _;

use super::super::error::{ClientError, ClientErrorKind};
use super::attempts::NodeAttempt;
use super::failure::ExecutionFailure;
use super::nodes::ExecutionNode;
use super::{Execution, data};

impl Execution {
    /// What a try at an element of a map gave, as the bytes of an `outputs.pb`.
    ///
    /// # Errors
    /// It has not succeeded, the platform does not say where the map's data is, or it does not give access to it.
    pub async fn element_outputs(
        &self,
        map: &ExecutionNode,
        attempt: &NodeAttempt,
        index: u32,
        number: u32,
    ) -> Result<Vec<u8>, ClientError> {
        let outputs = self.client.stored(&document(map, attempt, index, number, "outputs.pb")?).await?;
        Ok(data::whole(&self.client, outputs).await)
    }

    /// Why a try at an element of a map failed.
    ///
    /// # Errors
    /// It left no document of that, the platform does not say where the map's data is, or it does not give access to it.
    pub async fn element_failure(
        &self,
        map: &ExecutionNode,
        attempt: &NodeAttempt,
        index: u32,
        number: u32,
    ) -> Result<ExecutionFailure, ClientError> {
        let read = self.client.stored(&document(map, attempt, index, number, "error.pb")?).await?;
        let document = ErrorDocument::decode(read.as_slice()).ok().and_then(|document| document.error);
        let error = document.ok_or_else(|| {
            ClientError::new(ClientErrorKind::Server, format!("the error of the element {index} of `{}` cannot be read", map.path))
        })?;
        Ok(ExecutionFailure::of_document(&error))
    }
}

/// Where a try at an element leaves a document.
fn document(map: &ExecutionNode, attempt: &NodeAttempt, index: u32, number: u32, name: &str) -> Result<String, ClientError> {
    match map.inputs_at.strip_suffix("/inputs.pb") {
        Some(data) => Ok(format!("{data}/{}/{index}/{number}/{name}", attempt.number)),
        None => Err(ClientError::new(ClientErrorKind::NotFound, format!("the platform does not say where the data of `{}` is", map.path))),
    }
}
