//! The login at a control plane, and the tokens that come of it.
//!
//! A call is made first; only if the control plane asks for a token is there a login, and the call is made once more.
//!
//! | module | holds |
//! |---|---|
//! | `told` | what the control plane says of its logins |
//! | `oauth` | requests to the authorization server |
//! | `client_secret`, `browser`, `device`, `command` | the ways to log in |
//! | `token` | a token, and when it ends |
//! | `keep` | where tokens are kept between processes |
//! | `prompt` | how people take part |

mod browser;
mod client_secret;
mod command;
mod device;
mod keep;
mod oauth;
mod prompt;
mod redirected;
mod token;
mod told;

use std::fmt;

use nebulakit_types::Secret;
use nebulakit_types::client::{HttpClient, Protocol};
use tokio::sync::Mutex;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};

use self::keep::{Keep, Kept};
use self::oauth::OAuth;
pub(super) use self::prompt::on_terminal;
pub use self::prompt::{Login, Prompt};
use self::token::Token;
use super::admin::Admin;
use super::error::{ClientError, ClientErrorKind};
use crate::services::config::{AuthMode, Config, Credentials};
use crate::services::env::Environment;

/// Logs in, and knows which token to send.
pub(super) struct Authenticator {
    admin: Admin,
    http: HttpClient,
    credentials: Credentials,
    environment: Environment,
    prompt: Prompt,
    keep: Keep,
    /// Locked while somebody logs in: a thousand calls that are refused at once wait for one login.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Counts the logins, so that a call can tell whether there was one since it began.
    logins: u64,
    is_loaded: bool,
    kept: Option<Kept>,
    proxy: Option<Secret>,
}

/// What a call is sent with.
pub(super) struct Credential {
    logins: u64,
    pub(super) metadata: MetadataMap,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("mode", &self.credentials.auth_mode).finish_non_exhaustive()
    }
}

impl Authenticator {
    pub(super) fn new(admin: Admin, config: &Config, environment: &Environment, prompt: Prompt) -> Result<Self, ClientError> {
        let settings = admin.settings();
        let http = HttpClient::new(settings.token_requests(), Protocol::Http1)
            .map_err(|fault| ClientError::new(ClientErrorKind::Settings, format!("the client of the authorization server: {fault}")))?;
        let keep = Keep::new(environment, &settings.endpoint.to_string());
        let (credentials, environment) = (config.credentials.clone(), environment.clone());
        Ok(Self { admin, http, credentials, environment, prompt, keep, state: Mutex::default() })
    }

    /// What calls are sent with now: the token of an earlier login, replaced if it is about to end; nothing before the first.
    pub(super) async fn credential(&self) -> Result<Credential, ClientError> {
        let mut state = self.state.lock().await;
        if !state.is_loaded {
            if self.is_kept() {
                state.kept = self.keep.load().await;
            }
            state.proxy = self.proxy_token().await?;
            // Last: what failed is done again by the next call.
            state.is_loaded = true;
        }
        let ends = state.kept.as_ref().is_some_and(|kept| kept.token.ends_within(self.credentials.token_refresh_window));
        if ends {
            self.log_in(&mut state).await?;
        }
        state.credential()
    }

    /// Replaces what the control plane did not accept, unless somebody has since.
    pub(super) async fn renew(&self, refused: &Credential) -> Result<Credential, ClientError> {
        let mut state = self.state.lock().await;
        if state.logins == refused.logins {
            state.proxy = self.proxy_token().await?;
            self.log_in(&mut state).await?;
        }
        state.credential()
    }

    async fn log_in(&self, state: &mut State) -> Result<(), ClientError> {
        let anonymous = State { proxy: state.proxy.clone(), ..State::default() }.metadata()?;
        let mode = self.credentials.auth_mode;
        let told = told::PublicClient::needed(&self.admin, &self.credentials, &anonymous, mode != AuthMode::ExternalCommand).await?;
        let key = told.metadata_key(&self.credentials)?;
        // What there was stays until there is something else: a login that fails must not cost the right to a new token.
        let kept = match mode {
            AuthMode::ExternalCommand => {
                Kept { key, token: Token::lasting(command::token(&self.credentials.command, "admin.command").await?) }
            }
            mode => {
                let server = told::authorization_server(&self.admin, &self.credentials, &anonymous, told).await?;
                let oauth = OAuth { http: &self.http, server: &server };
                let token = match mode {
                    AuthMode::ClientSecret => client_secret::log_in(&oauth, &self.credentials, &self.environment).await?,
                    mode => self.log_in_as_person(mode, &oauth, state.kept.as_ref()).await?,
                };
                Kept { key, token }
            }
        };
        if self.is_kept() {
            self.keep.store(&kept).await;
        }
        state.kept = Some(kept);
        state.logins += 1;
        Ok(())
    }

    /// A login that a person takes part in, if the token that another process has got since, or the right to a new one, does not spare it.
    async fn log_in_as_person(&self, mode: AuthMode, oauth: &OAuth<'_>, former: Option<&Kept>) -> Result<Token, ClientError> {
        let elsewhere = self.keep.load().await.map(|kept| kept.token);
        let former = former.map(|kept| &kept.token);
        if let Some(elsewhere) = &elsewhere
            && former.is_none_or(|former| elsewhere.access != former.access)
            && !elsewhere.ends_within(self.credentials.token_refresh_window)
        {
            return Ok(elsewhere.clone());
        }
        if let Some(token) = elsewhere.as_ref().or(former)
            && let Some(token) = oauth.refreshed(token).await?
        {
            return Ok(token);
        }
        match mode {
            AuthMode::DeviceFlow => device::log_in(oauth, &self.prompt, self.credentials.device_timeout).await,
            _ => browser::log_in(oauth, &self.prompt, self.credentials.pkce_timeout).await,
        }
    }

    /// Whether tokens are kept for other processes: only those that a person had to log in for.
    fn is_kept(&self) -> bool {
        matches!(self.credentials.auth_mode, AuthMode::Pkce | AuthMode::DeviceFlow)
    }

    async fn proxy_token(&self) -> Result<Option<Secret>, ClientError> {
        match self.credentials.proxy_command.as_slice() {
            [] => Ok(None),
            command => command::token(command, "admin.proxyCommand").await.map(Some),
        }
    }
}

impl State {
    fn credential(&self) -> Result<Credential, ClientError> {
        Ok(Credential { logins: self.logins, metadata: self.metadata()? })
    }

    fn metadata(&self) -> Result<MetadataMap, ClientError> {
        let mut metadata = MetadataMap::new();
        if let Some(kept) = &self.kept {
            metadata.insert(kept.key.clone(), bearer(&kept.token.access)?);
        }
        if let Some(token) = &self.proxy {
            metadata.insert(AsciiMetadataKey::from_static("proxy-authorization"), bearer(token)?);
        }
        Ok(metadata)
    }
}

fn bearer(token: &Secret) -> Result<AsciiMetadataValue, ClientError> {
    let text = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = AsciiMetadataValue::try_from(text.as_str()).map_err(|_| {
        ClientError::new(
            ClientErrorKind::Unauthenticated,
            "the token cannot be sent: it has line breaks or other characters that headers cannot hold",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
