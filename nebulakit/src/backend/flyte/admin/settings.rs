//! What the client of a control plane is told.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use nebulakit_types::client::{ClientOptions, Proxy};

use super::super::error::ClientError;
use super::endpoint::Endpoint;
use crate::services::config::Config;
use crate::services::env::{self, Environment};

/// The longest time to open a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// After which silence the connection is asked whether it still lives: load balancers forget silent ones after a minute or more.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The longest wait before the first retry; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// How a control plane is reached.
#[derive(Debug, Clone)]
pub(in super::super) struct Settings {
    pub(in super::super) endpoint: Endpoint,
    /// Where the endpoint comes from, as a clause for people.
    pub(super) source: String,
    pub(super) retries: u32,
    pub(super) longest_wait: Duration,
    pub(super) try_timeout: Duration,
    pub(in super::super) largest_answer: usize,
    options: ClientOptions,
    /// The proxy of token requests, where it is another one.
    token_proxy: Option<Proxy>,
}

impl Settings {
    pub(in super::super) fn new(config: &Config, environment: &Environment) -> Result<Self, ClientError> {
        let platform = &config.platform;
        let endpoint = Endpoint::parse(&platform.endpoint, platform.insecure)?;
        let proxy = |url: &str| Proxy { url: url.to_owned(), not_for: either(environment, [env::NO_PROXY, env::NO_PROXY_SMALL]) };
        let system_proxy = either(environment, [env::HTTPS_PROXY, env::HTTPS_PROXY_SMALL, env::ALL_PROXY, env::ALL_PROXY_SMALL]);
        let path = |name| environment.raw(name).filter(|path| !path.is_empty()).map(Into::into);
        let options = ClientOptions {
            ca_file: path(env::SSL_CERT_FILE),
            ca_folder: path(env::SSL_CERT_DIR),
            further_ca_file: platform.ca_cert_file_path.clone(),
            unverified_host: platform.insecure_skip_verify.then(|| endpoint.host().to_owned()),
            proxy: (!system_proxy.is_empty()).then(|| proxy(&system_proxy)),
            connect_timeout: Some(CONNECT_TIMEOUT),
            timeout: Some(platform.per_retry_timeout),
            keep_alive: Some(KEEP_ALIVE),
        };
        Ok(Self {
            endpoint,
            source: match &config.path {
                Some(path) if environment.non_empty(env::PLATFORM_URL).is_none() => {
                    format!("the endpoint comes from `{}`, or is Flyte's demo cluster if that names none", path.display())
                }
                _ if environment.non_empty(env::PLATFORM_URL).is_some() => format!("the endpoint comes from {}", env::PLATFORM_URL),
                _ => format!("no endpoint is configured, so this is Flyte's demo cluster: set {} or `admin.endpoint`", env::PLATFORM_URL),
            },
            retries: platform.max_retries,
            longest_wait: platform.max_backoff_delay,
            try_timeout: platform.per_retry_timeout,
            largest_answer: platform.max_message_size_bytes,
            options,
            token_proxy: platform.http_proxy_url.as_deref().map(proxy),
        })
    }

    /// The options of the connection to the control plane.
    pub(in super::super) fn connection(&self) -> ClientOptions {
        self.options.clone()
    }

    /// The options of requests for tokens.
    pub(in super::super) fn token_requests(&self) -> ClientOptions {
        let proxy = self.token_proxy.clone().or_else(|| self.options.proxy.clone());
        ClientOptions { proxy, ..self.options.clone() }
    }

    /// The options of transfers to and from its store, which take as long as they take.
    pub(in super::super) fn transfers(&self) -> ClientOptions {
        ClientOptions { timeout: None, ..self.options.clone() }
    }

    /// The wait after `failures` failures; [`None`] after the last try.
    pub(in super::super) fn wait_after(&self, failures: u32) -> Option<Duration> {
        (failures < self.retries).then(|| self.wait(failures))
    }

    /// The wait after `failures` failures: a random part of a limit that doubles each time, so that clients that failed together do not retry together.
    pub(super) fn wait(&self, failures: u32) -> Duration {
        let most = FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(self.longest_wait);
        // Randomness for spreading load needs no more than the seed of a hasher.
        most.mul_f64(RandomState::new().hash_one(0) as f64 / u64::MAX as f64)
    }
}

/// The first of these variables that is not empty.
fn either<const N: usize>(environment: &Environment, names: [&str; N]) -> String {
    names.into_iter().find_map(|name| environment.non_empty(name)).unwrap_or_default().to_owned()
}
