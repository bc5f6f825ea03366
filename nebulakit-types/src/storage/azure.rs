//! Azure Blob Storage: the configuration first, then what the cloud's own tools would find.

use std::sync::Arc;

use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

use super::StorageConfig;
use super::cloud::{Place, Store, check_header, endpoint_url, refused};
use super::location::shown;
use super::transport::{Connector, client_options, retry_config};
use crate::Secret;
use crate::{Error, ErrorKind, Result};

const LOOKED_FOR: &str = "FLYTE_AZURE_STORAGE_ACCOUNT_KEY or FLYTE_AZURE_TENANT_ID, _CLIENT_ID and _CLIENT_SECRET (or section `azure` of \
    Flyte's configuration file), AZURE_STORAGE_TOKEN, AZURE_STORAGE_ACCOUNT_KEY, AZURE_FEDERATED_TOKEN_FILE with AZURE_CLIENT_ID and \
    AZURE_TENANT_ID, AZURE_CLIENT_SECRET with the same, AZURE_STORAGE_SAS_TOKEN, the managed identity of the machine";

pub(super) fn store(place: &Place<'_>, anonymous: bool, config: &StorageConfig, connector: &Connector) -> Result<Store> {
    let (azure, environment) = (&config.azure, &config.environment);
    // `container@account.dfs.core.windows.net`, or the container alone.
    let (container, host) = match place.authority.split_once('@') {
        Some((container, host)) => (container, Some(host)),
        None => (place.authority, None),
    };
    if container.is_empty() || container.contains(['@', ':', '.', '_']) {
        return Err(Error::new(
            ErrorKind::Url,
            format!("`{}`: the name of a container is not empty and holds no `@`, `:`, `.` or `_`", shown(place.url)),
        ));
    }
    let mut builder = MicrosoftAzureBuilder::new();
    for (name, value) in environment.with_prefix("AZURE_") {
        match name.to_ascii_lowercase().parse::<AzureConfigKey>() {
            Ok(AzureConfigKey::Client(_) | AzureConfigKey::ContainerName | AzureConfigKey::AccountName) | Err(_) => {}
            Ok(key) => builder = builder.with_config(key, value),
        }
    }
    if let Some(endpoint) = environment.get("IDENTITY_ENDPOINT") {
        builder = builder.with_msi_endpoint(endpoint);
    }
    let of_url = host.map(|host| host.split('.').next().unwrap_or_default());
    let named = azure.account_name.as_deref().or_else(|| environment.get("AZURE_STORAGE_ACCOUNT_NAME"));
    let Some(account) = of_url.or(named).map(str::trim).filter(|account| !account.is_empty()) else {
        let text = format!(
            "`{}` names no storage account: write `abfs://{container}@ACCOUNT.dfs.core.windows.net/...`, or set \
             FLYTE_AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_ACCOUNT_NAME",
            shown(place.url)
        );
        return Err(Error::new(ErrorKind::Url, text));
    };
    if !account.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Error::new(ErrorKind::Url, format!("`{}`: `{account}` cannot name a storage account", shown(place.url))));
    }
    if let Some(endpoint) = azure.endpoint.as_deref().map(str::trim) {
        builder = builder.with_endpoint(endpoint_url(endpoint)?.as_str().trim_end_matches('/').to_owned());
    } else if let Some((_, domain)) = host.and_then(|host| host.split_once('.')) {
        // The same account answers for files (dfs) and for blobs, and the requests made here are for blobs. Other clouds have other domains.
        let domain = domain.strip_prefix("dfs.").map_or_else(|| domain.to_owned(), |domain| format!("blob.{domain}"));
        builder = builder.with_endpoint(endpoint_url(&format!("https://{account}.{domain}"))?.as_str().trim_end_matches('/').to_owned());
    }
    let options: [(AzureConfigKey, Option<&str>); 5] = [
        (AzureConfigKey::AccessKey, azure.account_key.as_ref().map(Secret::expose)),
        (AzureConfigKey::AuthorityId, azure.tenant_id.as_deref().map(str::trim)),
        (AzureConfigKey::ClientId, azure.client_id.as_deref().map(str::trim)),
        (AzureConfigKey::ClientSecret, azure.client_secret.as_ref().map(Secret::expose)),
        (AzureConfigKey::SasKey, azure.sas_token.as_ref().map(Secret::expose)),
    ];
    for (key, value) in options {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            check_header(place, "Azure credential", value)?;
            builder = builder.with_config(key, value);
        }
    }
    if anonymous || azure.anonymous {
        builder = builder.with_skip_signature(true);
    }
    let objects = builder
        .with_account(account)
        .with_container_name(container)
        .with_client_options(client_options())
        .with_http_connector(connector.clone())
        .with_retry(retry_config(config))
        .build()
        .map_err(|error| refused(place, config, &error))?;
    let anonymous = anonymous || azure.anonymous;
    Ok(Store { objects: Arc::new(objects), looked_for: LOOKED_FOR, region: None, anonymous, bodies_in_memory: false })
}
