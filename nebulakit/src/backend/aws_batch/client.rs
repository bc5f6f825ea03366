//! The client of Batch: where it is, and in whose name it is asked.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_batch::Client;
use aws_sdk_batch::config::retry::RetryConfig;
use aws_sdk_batch::config::{BehaviorVersion, Builder, Config, Credentials, ProvideCredentials, Region};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use nebulakit_types::client::{ClientOptions, Proxy};
use nebulakit_types::storage::AwsAccount;
use nebulakit_types::visible;

use super::http::Sender;
use crate::process::host::Host;
use crate::services::env::{self, Environment};

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request may take.
const ANSWER: Duration = Duration::from_secs(30);

/// How often a question is asked that is throttled or gets no answer; the waits in between double.
const TRIES: u32 = 6;

/// The clients of Batch.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// For questions, and for what may be asked twice.
    pub(super) asks: Client,
    /// For submits, which nothing repeats by itself: a job whose answer was lost would be there twice.
    pub(super) submits: Client,
}

impl Clients {
    /// Those that an environment leads to.
    ///
    /// # Errors
    /// With what is wrong in it.
    pub(super) fn new(region: Option<&str>, environment: &Environment) -> Result<Self, String> {
        let config = Host::new(environment.clone()).storage_config();
        let account = AwsAccount::of(config).map_err(|error| error.to_string())?;
        let region = region.map_or_else(|| account.region().to_owned(), str::to_owned);
        let endpoint = environment.non_empty("AWS_ENDPOINT_URL_BATCH").or_else(|| environment.non_empty("AWS_ENDPOINT_URL"));
        if let Some(endpoint) = endpoint
            && !endpoint.starts_with("http://")
            && !endpoint.starts_with("https://")
        {
            return Err(format!("AWS_ENDPOINT_URL is `{}`, expected a URL such as `https://host`", visible::line(endpoint)));
        }
        let sender = SharedHttpConnector::new(Sender::new(options(environment)));
        let base = || -> Builder {
            let builder = Config::builder().behavior_version(BehaviorVersion::latest()).region(Region::new(region.clone())).http_client(
                http_client_fn({
                    let sender = sender.clone();
                    move |_, _| sender.clone()
                }),
            );
            match endpoint {
                Some(endpoint) => builder.endpoint_url(endpoint),
                None => builder,
            }
        };
        let keys = Keys(Arc::new(account));
        let asks = base().credentials_provider(keys.clone()).retry_config(RetryConfig::standard().with_max_attempts(TRIES));
        let submits = base().credentials_provider(keys).retry_config(RetryConfig::disabled());
        Ok(Self { asks: Client::from_conf(asks.build()), submits: Client::from_conf(submits.build()) })
    }
}

fn options(environment: &Environment) -> ClientOptions {
    let either = |names: &[&str]| names.iter().find_map(|name| environment.non_empty(name)).unwrap_or_default().to_owned();
    let path = |name| environment.raw(name).filter(|path| !path.is_empty()).map(Into::into);
    let proxy = either(&[env::HTTPS_PROXY, env::HTTPS_PROXY_SMALL, env::ALL_PROXY, env::ALL_PROXY_SMALL]);
    ClientOptions {
        ca_file: path(env::SSL_CERT_FILE),
        ca_folder: path(env::SSL_CERT_DIR),
        proxy: (!proxy.is_empty()).then(|| Proxy { url: proxy, not_for: either(&[env::NO_PROXY, env::NO_PROXY_SMALL]) }),
        connect_timeout: Some(CONNECT),
        timeout: Some(ANSWER),
        ..ClientOptions::default()
    }
}

/// The keys of the account that the stores use, too.
#[derive(Debug, Clone)]
struct Keys(Arc<AwsAccount>);

impl ProvideCredentials for Keys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let keys = self.0.keys().await.map_err(CredentialsError::not_loaded)?;
            let token = keys.token.map(|token| token.expose().to_owned());
            // They are asked for anew with each request: the account keeps them for as long as they are valid.
            Ok(Credentials::new(keys.id, keys.secret.expose(), token, None, "nebulakit"))
        })
    }
}
