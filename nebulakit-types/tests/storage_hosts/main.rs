//! Which hosts see credentials: those that the configuration names, and none that a URL or an answer names.

#![allow(clippy::unwrap_used, reason = "tests")]

mod azure;
mod endpoints;
#[path = "../fault_server/mod.rs"]
mod fault_server;
mod redirects;
#[path = "../fault_server/tls.rs"]
mod tls;

use std::time::Duration;

use nebulakit_types::storage::{Environment, PutOptions, Storage, StorageConfig};
use nebulakit_types::{Error, ErrorKind};

use self::fault_server::Reply::{self, Answer};
use self::fault_server::{Request, Server};

/// What no stranger may ever see: part of every credential here.
const MARKER: &str = "MARKER";

const OBJECT: Reply = Answer(200, &["ETag: \"1\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"], "bytes");

fn quick(config: StorageConfig) -> StorageConfig {
    StorageConfig { retries: Some(0), backoff: Some(Duration::from_millis(1)), ..config }
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::pick(variables.iter().map(|(name, value)| (name.into(), value.into())))
}

async fn put(storage: &Storage, url: &str) -> Result<(), Error> {
    storage.put(url, vec!["text".into()], &PutOptions::default()).await
}

/// Everything that can be done to an object or a prefix, each with its error.
async fn refusals(storage: &Storage, url: &str) -> [Error; 6] {
    [
        storage.get(url).await.unwrap_err(),
        put(storage, url).await.unwrap_err(),
        storage.stat(url).await.unwrap_err(),
        storage.delete(url).await.unwrap_err(),
        storage.list(url).await.unwrap_err(),
        storage.read(url, ..).await.unwrap_err(),
    ]
}

/// Whether a request carries what names or proves somebody.
fn is_signed(request: &Request) -> bool {
    let text = format!("{} {:?}", request.line, request.headers);
    request.headers.contains_key("authorization") || text.contains("sig=") || text.contains(MARKER)
}
