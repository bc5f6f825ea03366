//! What all executions share: the registry, the store, the images, the cache.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use nebulakit_types::storage::{PutOptions, S3Config, Storage, StorageConfig};
use nebulakit_types::wire::flyteidl::core::WorkflowExecutionIdentifier;
use prost::Message;
use tokio::runtime::Handle;

use super::engine::cache::Cache;
use super::engine::run::Run;
use super::holds::Holds;
use super::registry::Registry;
use super::signals::Signals;
use super::store::presign::Credentials;

/// A control plane with its data plane.
#[derive(Debug)]
pub(crate) struct World {
    /// The bucket of documents and data, as `s3://bucket`.
    pub(crate) bucket: String,
    /// Where the store is.
    pub(crate) endpoint: String,
    pub(crate) credentials: Credentials,
    storage: Storage,
    /// The logs of containers.
    logs: PathBuf,
    /// Images, and the folders that stand for them.
    images: Mutex<HashMap<String, PathBuf>>,
    pub(crate) registry: Registry,
    pub(crate) cache: Cache,
    pub(crate) signals: Signals,
    pub(crate) holds: Holds,
    pub(crate) runs: Mutex<Vec<Arc<Run>>>,
    pub(crate) runtime: Handle,
}

impl std::fmt::Display for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.bucket)
    }
}

impl World {
    pub(crate) fn new(
        bucket: &str,
        endpoint: String,
        credentials: Credentials,
        logs: PathBuf,
        images: HashMap<String, PathBuf>,
        runtime: Handle,
    ) -> Self {
        let s3 = S3Config {
            endpoint: Some(endpoint.clone()),
            access_key_id: Some(credentials.id.clone()),
            secret_access_key: Some(credentials.secret.clone().into()),
            ..S3Config::default()
        };
        Self {
            bucket: format!("s3://{bucket}"),
            endpoint,
            credentials,
            storage: Storage::new(StorageConfig { s3, ..StorageConfig::default() }),
            logs,
            images: Mutex::new(images),
            registry: Registry::default(),
            cache: Cache::default(),
            signals: Signals::default(),
            holds: Holds::default(),
            runs: Mutex::default(),
            runtime,
        }
    }

    /// Writes a document.
    pub(crate) async fn write(&self, url: &str, message: &impl Message) {
        self.storage.put(url, vec![message.encode_to_vec().into()], &PutOptions::default()).await.unwrap();
    }

    /// Reads a document, where it is.
    pub(crate) async fn read(&self, url: &str) -> Option<Bytes> {
        self.storage.get_if_exists(url).await.unwrap()
    }

    /// The folder that stands for an image.
    pub(crate) fn image(&self, image: &str) -> Option<PathBuf> {
        self.images.lock().unwrap().get(image).cloned()
    }

    /// The file of a pod's log.
    pub(crate) fn log(&self, pod: &str) -> PathBuf {
        self.logs.join(format!("{pod}.log"))
    }

    pub(crate) fn log_url(&self, pod: &str) -> String {
        format!("file://{}", self.log(pod).display())
    }

    /// The variables by which containers find the store.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let Credentials { id, secret } = self.credentials.clone();
        [("FLYTE_AWS_ENDPOINT", self.endpoint.clone()), ("FLYTE_AWS_ACCESS_KEY_ID", id), ("FLYTE_AWS_SECRET_ACCESS_KEY", secret)]
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec()
    }

    /// The execution of that id.
    pub(crate) fn run(&self, id: &WorkflowExecutionIdentifier) -> Option<Arc<Run>> {
        let runs = self.runs.lock().unwrap();
        let is_it = |run: &&Arc<Run>| (&run.id.project, &run.id.domain, &run.id.name) == (&id.project, &id.domain, &id.name);
        runs.iter().find(is_it).cloned()
    }
}
