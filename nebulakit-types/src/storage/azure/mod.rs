//! Azure Blob Storage: the configuration first, then what the cloud's own tools would find.
//!
//! A URL of Azure may name the host, so anybody who writes one could name his own. `Target` decides which host is asked, and in whose name.

mod hosts;

use std::sync::Arc;

use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

use super::cloud::{Bucket, Kind, Making, Place, check_header, endpoint_url, refused, secret_url, service_url};
use super::config::StorageConfig;
use super::shown::shown;
use super::transport::{client_options, retry_config};
use crate::Secret;
use crate::{Error, ErrorKind, Result};

/// What is special about Azure Blob Storage.
pub(super) static AZURE: Kind = Kind {
    feature: "azure",
    make: store,
    elsewhere: "set AZURE_STORAGE_ENDPOINT to where the store is",
    denies_absence: false,
    metadata_identifiers: true,
};

const LOOKED_FOR: &str = "FLYTE_AZURE_STORAGE_ACCOUNT_KEY or FLYTE_AZURE_TENANT_ID, _CLIENT_ID and _CLIENT_SECRET (or section `azure` of \
    Flyte's configuration file), AZURE_STORAGE_TOKEN, AZURE_STORAGE_ACCOUNT_KEY, AZURE_FEDERATED_TOKEN_FILE with AZURE_CLIENT_ID and \
    AZURE_TENANT_ID, AZURE_CLIENT_SECRET with the same, AZURE_STORAGE_SAS_TOKEN, the managed identity of the machine";

/// Makes the store of a container.
fn store(making: &Making<'_>) -> Result<Bucket> {
    let Making { place, anonymous, config, connector, .. } = *making;
    let azure = &config.azure;
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
    let target = Target::of(place, container, host, config)?;
    let anonymous = anonymous || azure.anonymous;
    let mut settings = settings(place, anonymous, config)?;
    if !target.is_own {
        settings.retain(|(key, _)| *key != AzureConfigKey::EncryptionKey);
        if !anonymous {
            target.without_keys(place, &mut settings)?;
        }
    }
    let mut builder = MicrosoftAzureBuilder::new();
    for (key, value) in settings {
        builder = builder.with_config(key, value);
    }
    if let Some(endpoint) = target.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if anonymous {
        builder = builder.with_skip_signature(true);
    }
    let objects = builder
        .with_account(target.account)
        .with_container_name(container)
        .with_client_options(client_options())
        .with_http_connector(connector.clone())
        .with_retry(retry_config(config))
        .build()
        .map_err(|error| refused(place, config, &error))?;
    Ok(Bucket { objects: Arc::new(objects), looked_for: LOOKED_FOR, region: None, anonymous, bodies_in_memory: false })
}

/// What the builder is told besides the target: the environment's variables first, and over them the configuration.
fn settings(place: &Place<'_>, anonymous: bool, config: &StorageConfig) -> Result<Vec<(AzureConfigKey, String)>> {
    let azure = &config.azure;
    let mut settings = Vec::new();
    for (name, value) in config.environment.with_prefix("AZURE_") {
        match name.to_ascii_lowercase().parse::<AzureConfigKey>() {
            // The transport is this crate's; the others say where, which is the target's to decide.
            Ok(AzureConfigKey::Client(_) | AzureConfigKey::ContainerName | AzureConfigKey::AccountName | AzureConfigKey::Endpoint)
            | Err(_) => {}
            Ok(AzureConfigKey::AuthorityHost | AzureConfigKey::FabricTokenServiceUrl | AzureConfigKey::MsiEndpoint) if anonymous => {}
            Ok(key @ (AzureConfigKey::AuthorityHost | AzureConfigKey::FabricTokenServiceUrl)) => {
                settings.push((key, secret_url(name, value)?));
            }
            Ok(AzureConfigKey::MsiEndpoint) => settings.push((AzureConfigKey::MsiEndpoint, service_url(name, value)?)),
            Ok(key) => settings.push((key, value.to_owned())),
        }
    }
    if let Some(value) = config.environment.get("IDENTITY_ENDPOINT").filter(|_| !anonymous) {
        settings.push((AzureConfigKey::MsiEndpoint, service_url("IDENTITY_ENDPOINT", value)?));
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
            settings.push((key, value.to_owned()));
        }
    }
    Ok(settings)
}

/// Who is asked, and in whose name.
struct Target {
    account: String,
    /// None for the account's usual address.
    endpoint: Option<String>,
    /// Whether the account is the one that is configured, so that its keys and signatures belong to it.
    is_own: bool,
    /// The account that is configured.
    configured: Option<String>,
    /// The host, as messages name it.
    shown: String,
}

impl Target {
    fn of(place: &Place<'_>, container: &str, host: Option<&str>, config: &StorageConfig) -> Result<Self> {
        let (azure, environment) = (&config.azure, &config.environment);
        hosts::check(&azure.domains)?;
        let read = |endpoint: &str| endpoint_url(endpoint.trim());
        let fixed = azure.endpoint.as_deref().map(read).transpose()?;
        let usual = ["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"].into_iter().find_map(|name| environment.get(name));
        let usual = match &fixed {
            Some(_) => None,
            None => usual.map(read).transpose()?,
        };
        let is_endpoint = |host: &&str| fixed.iter().chain(&usual).any(|endpoint| authority(endpoint).eq_ignore_ascii_case(host));
        // The endpoint's own host is not named after an account.
        let named = host.filter(|host| !is_endpoint(host));
        let configured = azure.account_name.as_deref().or_else(|| environment.get("AZURE_STORAGE_ACCOUNT_NAME"));
        let configured = configured.map(str::trim).filter(|account| !account.is_empty());
        let of_url = named.map(hosts::account).filter(|account| !account.is_empty());
        let Some(account) = of_url.or(configured) else {
            let text = format!(
                "`{}` names no storage account: write `abfs://{container}@ACCOUNT.dfs.core.windows.net/...`, or set \
                 FLYTE_AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_ACCOUNT_NAME",
                shown(place.url)
            );
            return Err(Error::new(ErrorKind::Url, text));
        };
        // An account alone, without a domain, is at its usual address or at the endpoint.
        let address = match named.filter(|host| host.contains(['.', ':'])) {
            Some(host) => Some(match hosts::blob_endpoint(host, &azure.domains) {
                Some(endpoint) => endpoint,
                None if azure.anonymous => format!("https://{}", host.replacen(".dfs.", ".blob.", 1)),
                None => return Err(stranger(place, host)),
            }),
            None => None,
        };
        if !account.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(Error::new(ErrorKind::Url, format!("`{}`: `{account}` cannot name a storage account", shown(place.url))));
        }
        let bare = |endpoint: &url::Url| endpoint.as_str().trim_end_matches('/').to_owned();
        let endpoint = fixed.as_ref().map(bare);
        let endpoint = endpoint.or(address.map(|address| endpoint_url(&address).map(|url| bare(&url))).transpose()?);
        let endpoint = endpoint.or_else(|| usual.as_ref().map(bare));
        // A read-only copy of an account is the same account.
        let owner = account.strip_suffix("-secondary").unwrap_or(account);
        Ok(Self {
            is_own: configured.is_some_and(|configured| configured.eq_ignore_ascii_case(owner)),
            configured: configured.map(str::to_owned),
            shown: host.unwrap_or(account).to_owned(),
            account: account.to_owned(),
            endpoint,
        })
    }

    /// Takes what belongs to another account out of the settings; an error where nothing is left that would not.
    fn without_keys(&self, place: &Place<'_>, settings: &mut Vec<(AzureConfigKey, String)>) -> Result<()> {
        let given = |wanted: AzureConfigKey| settings.iter().any(|(key, _)| *key == wanted);
        let is_on = |wanted: AzureConfigKey| settings.iter().any(|(key, value)| *key == wanted && is_true(value));
        if is_on(AzureConfigKey::SkipSignature) || !given(AzureConfigKey::AccessKey) && !given(AzureConfigKey::SasKey) {
            return Ok(());
        }
        let is_client = given(AzureConfigKey::ClientId) && given(AzureConfigKey::AuthorityId);
        let has_token = given(AzureConfigKey::Token)
            || is_client && (given(AzureConfigKey::FederatedTokenFile) || given(AzureConfigKey::ClientSecret))
            || is_on(AzureConfigKey::UseAzureCli);
        if !has_token || settings.iter().any(|(key, value)| *key == AzureConfigKey::CredentialType && is_key(value)) {
            return Err(self.another(place));
        }
        settings.retain(|(key, _)| !matches!(key, AzureConfigKey::AccessKey | AzureConfigKey::SasKey));
        Ok(())
    }

    fn another(&self, place: &Place<'_>) -> Error {
        let (url, host, account) = (shown(place.url), &self.shown, &self.account);
        let (whose, hint) = match &self.configured {
            Some(configured) => (
                format!("are those of `{configured}`, and"),
                "another account needs a token (AZURE_CLIENT_ID and what belongs to it), or its own name and key in the configuration"
                    .to_owned(),
            ),
            None => (
                "name no account, and".to_owned(),
                format!("set FLYTE_AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_ACCOUNT_NAME to `{account}` if they are its own"),
            ),
        };
        let text = format!("`{url}`: the account key and the SAS {whose} are not sent to `{host}`");
        Error::new(ErrorKind::Denied, text).with_hint(hint)
    }
}

/// A host that has no claim to credentials.
fn stranger(place: &Place<'_>, host: &str) -> Error {
    let text = format!(
        "`{}`: no credentials are sent to `{host}`, which is neither the configured endpoint nor `<account>.blob` or `<account>.dfs` below one \
         of Azure's domains",
        shown(place.url)
    );
    Error::new(ErrorKind::Denied, text)
        .with_hint("a domain of your own is allowed by FLYTE_AZURE_STORAGE_DOMAINS, one host by AZURE_STORAGE_ENDPOINT")
}

/// The host of an endpoint, with its port where it names one.
fn authority(endpoint: &url::Url) -> String {
    let port = endpoint.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", endpoint.host_str().unwrap_or_default())
}

/// As `object_store` reads a setting.
fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y")
}

/// Whether a kind of credential is an account's.
fn is_key(kind: &str) -> bool {
    matches!(kind, "access_key" | "sas_token")
}
