//! The object stores that `tests/servers/with-servers.sh` starts and names in the environment.
#![allow(clippy::disallowed_methods, reason = "the servers' addresses come from the environment")]

use nebulakit_types::storage::{AzureConfig, GcsConfig, S3Config, StorageConfig};

/// What `tests/servers/with-servers.sh` says of a server.
#[must_use]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through tests/servers/with-servers.sh"))
}

/// The S3 server.
#[must_use]
pub fn s3() -> StorageConfig {
    StorageConfig {
        s3: S3Config {
            endpoint: Some(variable("NEBULAKIT_TEST_S3_ENDPOINT")),
            access_key_id: Some(variable("NEBULAKIT_TEST_S3_ACCESS_KEY_ID")),
            secret_access_key: Some(variable("NEBULAKIT_TEST_S3_SECRET_ACCESS_KEY").into()),
            ..S3Config::default()
        },
        ..StorageConfig::default()
    }
}

/// The Google Cloud Storage server, behind what it lacks.
#[must_use]
pub fn gcs() -> StorageConfig {
    let endpoint = crate::gcs_front::start(&variable("NEBULAKIT_TEST_GCS_ENDPOINT"));
    StorageConfig { gcs: GcsConfig { endpoint: Some(endpoint), anonymous: true, ..GcsConfig::default() }, ..StorageConfig::default() }
}

/// The Azure server.
#[must_use]
pub fn azure() -> StorageConfig {
    StorageConfig {
        azure: AzureConfig {
            endpoint: Some(variable("NEBULAKIT_TEST_AZURE_ENDPOINT")),
            account_name: Some(variable("NEBULAKIT_TEST_AZURE_ACCOUNT_NAME")),
            account_key: Some(variable("NEBULAKIT_TEST_AZURE_ACCOUNT_KEY").into()),
            ..AzureConfig::default()
        },
        ..StorageConfig::default()
    }
}
