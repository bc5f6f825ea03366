//! Google Cloud Storage: the configuration first, then the application default credentials.

use std::sync::Arc;

use object_store::StaticCredentialProvider;
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder, GoogleConfigKey};

use super::cloud::{Bucket, Kind, Making, check_bucket, endpoint_url, refused};
use super::transport::{client_options, retry_config};
use crate::Result;

/// What is special about Google Cloud Storage.
pub(super) static GCS: Kind = Kind {
    feature: "gcp",
    make: store,
    elsewhere: "set GOOGLE_BASE_URL to where the store is",
    denies_absence: false,
    metadata_identifiers: false,
};

const LOOKED_FOR: &str = "GOOGLE_SERVICE_ACCOUNT, GOOGLE_SERVICE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS, \
    ~/.config/gcloud/application_default_credentials.json, the service account of the machine";

/// Makes the store of a bucket.
fn store(making: &Making<'_>) -> Result<Bucket> {
    let Making { place, anonymous, config, connector, .. } = *making;
    let bucket = place.authority;
    check_bucket(place.url, bucket)?;
    let (gcs, environment) = (&config.gcs, &config.environment);
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in environment.with_prefix("GOOGLE_").filter(|_| !anonymous) {
        match name.to_ascii_lowercase().parse::<GoogleConfigKey>() {
            Ok(GoogleConfigKey::Client(_) | GoogleConfigKey::Bucket | GoogleConfigKey::BaseUrl) | Err(_) => {}
            Ok(key) => builder = builder.with_config(key, value),
        }
    }
    if let Some(path) = gcs.service_account_path.as_ref().filter(|_| !anonymous) {
        builder = builder.with_service_account_path(path.to_string_lossy());
    }
    // The variable may be written as host:port; what it names is an emulator, which has no credentials.
    let emulator = environment.get("STORAGE_EMULATOR_HOST").filter(|_| gcs.endpoint.is_none());
    let emulator = emulator.map(|host| if host.contains("://") { host.to_owned() } else { format!("http://{host}") });
    if anonymous || gcs.anonymous || emulator.is_some() {
        let nobody = GcpCredential { bearer: String::new() };
        builder = builder.with_skip_signature(true).with_credentials(Arc::new(StaticCredentialProvider::new(nobody)));
    }
    // Also for what is tried without credentials.
    let usual = environment.get("GOOGLE_BASE_URL").map(str::to_owned);
    if let Some(endpoint) = gcs.endpoint.clone().or(emulator).or(usual) {
        builder = builder.with_base_url(endpoint_url(endpoint.trim())?.as_str().trim_end_matches('/'));
    }
    let objects = builder
        .with_bucket_name(bucket)
        .with_client_options(client_options())
        .with_http_connector(connector.in_stored_form())
        .with_retry(retry_config(config))
        .build()
        .map_err(|error| refused(place, config, &error))?;
    let anonymous = anonymous || gcs.anonymous;
    Ok(Bucket { objects: Arc::new(objects), looked_for: LOOKED_FOR, region: None, anonymous, bodies_in_memory: false })
}
