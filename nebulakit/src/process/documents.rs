//! The contract's files: fetch the inputs, store the outputs or the error, never both.

use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use nebulakit_types::convert::reader::{Bounds, LiteralRef, MAX_OFFLOADED, References};
use nebulakit_types::json::offload_hash;
use nebulakit_types::outputs::Output;
use nebulakit_types::storage::{PutOptions, Storage, join};
use nebulakit_types::wire::flyteidl::core::{self as wire, Literal, LiteralOffloadedMetadata, literal};
use nebulakit_types::{ErrorKind, LiteralType, Result};
use prost::Message as _;
use prost::encoding::{encode_varint, encoded_len_varint};
use uuid::Uuid;

use crate::process::error_document::document;
use crate::process::platform::Platform;
use crate::services::env::{self, Environment};
use crate::task::failure::Failure;

/// What the platform counts as one megabyte.
const MIB: u64 = 1024 * 1024;

/// The platform's limit on what it downloads, unless it is set otherwise.
const USUAL_LIMIT_MIB: u64 = 2;

/// How large inputs and outputs may be, and which outputs go to files of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Minimum bytes of a literal that is offloaded; [`None`] where offloading is off.
    offload_from: Option<u64>,
    /// Minimum bytes of a literal that is refused, where offloading is on.
    refuse_from: u64,
    /// Maximum bytes of an `outputs.pb`.
    outputs: Option<u64>,
    /// What offloaded inputs may come to.
    pub(crate) offloaded: Bounds,
}

impl Limits {
    /// Reads the limits that the platform and the user set.
    ///
    /// # Errors
    /// For a variable that is not a whole number of megabytes.
    pub(crate) fn new(environment: &Environment, platform: &Platform) -> Result<Self, env::InvalidVariable> {
        let mib =
            |name| environment.parse::<u64>(name, "a whole number of megabytes").map(|value| value.map(|mib| mib.saturating_mul(MIB)));
        let offload_from = if platform.offloads_literals { mib(env::OFFLOAD_MIN_SIZE_MB)? } else { None };
        let offloaded =
            Bounds { bytes: mib(env::MAX_OFFLOADED_MB)?.unwrap_or(MAX_OFFLOADED), setting: env::MAX_OFFLOADED_MB, ..Bounds::default() };
        let refuse_from = mib(env::OFFLOAD_MAX_SIZE_MB)?.unwrap_or(1000 * MIB);
        Ok(Self { offload_from, refuse_from, outputs: mib(env::MAX_OUTPUTS_MB)?, offloaded })
    }
}

/// Whether `inputs` is a whole map of literals, whatever its values hold.
pub(crate) fn is_whole(inputs: &[u8]) -> bool {
    wire::LiteralMap::decode(inputs).is_ok()
}

/// Deletes outputs that a store may have taken without saying so, as far as that is possible.
pub(crate) async fn delete_outputs(storage: &Storage, prefix: &str) {
    // The failure that led here is what is reported.
    let _ = storage.delete(&join(prefix, "outputs.pb")).await;
}

/// Stores the outputs: large ones in files of their own first, `outputs.pb` last, since its presence is what the platform reads as
/// success.
///
/// # Errors
/// When an output is too large, or a store fails.
pub(crate) async fn store_outputs(
    storage: &Storage,
    prefix: &str,
    outputs: Vec<Output>,
    types: &[(&'static str, LiteralType)],
    limits: Limits,
) -> Result<u64, Failure> {
    let mut parts = Vec::with_capacity(outputs.len() * 2);
    for Output { name, literal } in outputs {
        let literal = Bytes::from(literal);
        let literal = match limits.offload_from {
            Some(_) if literal.len() as u64 >= limits.refuse_from => {
                return Err(Failure::system(
                    format!(
                        "the output `{name}` is a literal of {} bytes, and the platform refuses {} bytes and more; hand it over as a file",
                        literal.len(),
                        limits.refuse_from
                    ),
                    true,
                ));
            }
            Some(least) if literal.len() as u64 >= least => {
                let declared = types.iter().find(|(known, _)| *known == name).map(|(_, literal_type)| literal_type);
                offload(storage, prefix, name, literal, declared).await?
            }
            _ => literal,
        };
        parts.push(entry_head(name, literal.len()));
        parts.push(literal);
    }
    let size = parts.iter().map(|part| part.len() as u64).sum();
    if let Some(most) = limits.outputs
        && size > most
    {
        return Err(Failure::user(
            crate::task::failure::code::BAD_OUTPUTS,
            format!(
                "outputs.pb would have {size} bytes, and `{}` allows {most}; hand large values over as files, or as fewer or shorter values",
                env::MAX_OUTPUTS_MB
            ),
        ));
    }
    if size > USUAL_LIMIT_MIB * MIB {
        tracing::warn!(
            "outputs.pb has {size} bytes; most platforms refuse more than {USUAL_LIMIT_MIB} MiB. Hand large values over as files, have the \
             platform offload large literals, or have its limit (storage.limits.maxDownloadMBs) raised"
        );
    }
    put(storage, prefix, "outputs.pb", parts, None).await.map_err(|error| Failure::of_store("cannot store the outputs", &error))?;
    Ok(size)
}

async fn offload(storage: &Storage, prefix: &str, name: &str, literal: Bytes, declared: Option<&LiteralType>) -> Result<Bytes, Failure> {
    let file = format!("{name}_offloaded_metadata.pb");
    let not_written = |error: &nebulakit_types::Error| Failure::of_store(&format!("cannot offload the output `{name}`"), error);
    let broken = |error: nebulakit_types::Error| Failure::of_outputs(&error.at_field(name));
    let hash = match LiteralRef::new(&literal, References::none()).hash().map_err(broken)? {
        Some(hash) => hash.to_owned(),
        None => offload_hash(&literal).map_err(broken)?,
    };
    let size_bytes = literal.len() as u64;
    put(storage, prefix, &file, vec![literal], None).await.map_err(|error| not_written(&error))?;
    let metadata = LiteralOffloadedMetadata { uri: join(prefix, &file), size_bytes, inferred_type: declared.map(LiteralType::to_wire) };
    let reference = Literal { hash, value: Some(literal::Value::OffloadedMetadata(metadata)), ..Literal::default() };
    Ok(reference.encode_to_vec().into())
}

/// What stands before a literal's bytes in a `LiteralMap`: the entry's length, its key, the literal's length.
fn entry_head(name: &str, literal: usize) -> Bytes {
    let key = 1 + encoded_len_varint(name.len() as u64) + name.len();
    let value = 1 + encoded_len_varint(literal as u64) + literal;
    let mut head = BytesMut::with_capacity(key + 24);
    head.extend_from_slice(&[0x0a]);
    encode_varint((key + value) as u64, &mut head);
    head.extend_from_slice(&[0x0a]);
    encode_varint(name.len() as u64, &mut head);
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(&[0x12]);
    encode_varint(literal as u64, &mut head);
    head.freeze()
}

/// Under which name errors are stored, and which worker they name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorFile {
    name: String,
    worker: String,
}

impl ErrorFile {
    /// `error.pb`; for the workers of a distributed task a name of its own for each.
    pub(crate) fn new(environment: &Environment) -> Self {
        match environment.either(env::DISTRIBUTED_ERROR_STRATEGY, env::DISTRIBUTED_ERROR_STRATEGY_ALIAS) {
            "" => Self { name: "error.pb".to_owned(), worker: String::new() },
            _ => Self {
                name: format!("error-{}.pb", Uuid::new_v4().simple()),
                worker: environment.either(env::WORKER_NAME, env::WORKER_NAME_ALIAS).to_owned(),
            },
        }
    }

    /// Stores the document of `failure`.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn store(&self, storage: &Storage, prefix: &str, failure: &Failure, platform: &Platform) -> Result<()> {
        let document = document(failure, platform, &self.worker, SystemTime::now());
        put(storage, prefix, &self.name, vec![document.into()], None).await
    }

    /// Deletes what an earlier launch may have left, as far as that is possible: a store that fails now fails again later, with a report.
    pub(crate) async fn delete(&self, storage: &Storage, prefix: &str) {
        if let Err(error) = storage.delete(&join(prefix, &self.name)).await
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!("cannot delete the error document of an earlier launch: {}", crate::task::failure::chain(&error));
        }
    }
}

/// Stores a document that stands for the success of a task as it is: the job of a dynamic task, or outputs that were encoded elsewhere.
///
/// # Errors
/// When the store fails.
pub(crate) async fn store_document(storage: &Storage, prefix: &str, name: &str, contents: Bytes) -> Result<u64, Failure> {
    let size = contents.len() as u64;
    put(storage, prefix, name, vec![contents], None).await.map_err(|error| Failure::of_store(&format!("cannot store {name}"), &error))?;
    Ok(size)
}

/// Stores one page of HTML beside the outputs.
///
/// # Errors
/// When the store fails.
pub(crate) async fn store_report(storage: &Storage, prefix: &str, name: &str, page: String) -> Result<()> {
    put(storage, prefix, name, vec![page.into()], Some("text/html")).await
}

async fn put(storage: &Storage, prefix: &str, name: &str, parts: Vec<Bytes>, content_type: Option<&str>) -> Result<()> {
    let options = PutOptions { content_type: content_type.map(str::to_owned), ..PutOptions::default() };
    storage.put(&join(prefix, name), parts, &options).await
}
