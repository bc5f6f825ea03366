//! The login of a program, with its id and its secret.

use nebulakit_types::Secret;
use oauth2::basic::BasicClient;
use oauth2::{ClientId, ClientSecret};

use super::super::error::{ClientError, ClientErrorKind};
use super::oauth::OAuth;
use super::token::Token;
use crate::services::config::Credentials;
use crate::services::env::Environment;

pub(super) async fn log_in(oauth: &OAuth<'_>, credentials: &Credentials, environment: &Environment) -> Result<Token, ClientError> {
    let id = credentials.client_id.clone().ok_or_else(|| {
        ClientError::new(ClientErrorKind::Settings, "the login with a client's secret needs the client's id")
            .with_hint("set `admin.clientId` or FLYTE_CREDENTIALS_CLIENT_ID")
    })?;
    let secret = secret(credentials, environment)?;
    let client = BasicClient::new(ClientId::new(id))
        .set_client_secret(ClientSecret::new(secret.expose().to_owned()))
        .set_token_uri(oauth.token_url());
    let mut request = client.exchange_client_credentials().add_scopes(oauth.scopes());
    if let Some(audience) = &oauth.server.audience {
        request = request.add_extra_param("audience", audience);
    }
    let answer = request.request_async(&oauth.requests()).await.map_err(|error| oauth.failed(error))?;
    Ok(Token::given(&answer))
}

/// The secret: in the settings, in a variable, or in a file, whichever is named, in that order.
fn secret(credentials: &Credentials, environment: &Environment) -> Result<Secret, ClientError> {
    let wrong = |message: String| ClientError::new(ClientErrorKind::Settings, message);
    if let Some(secret) = &credentials.client_secret {
        return Ok(secret.clone());
    }
    if let Some(name) = &credentials.client_secret_env_var {
        let secret = environment.non_empty(name).map(Secret::from);
        return secret.ok_or_else(|| {
            wrong(format!("the client's secret should be in the variable `{name}` (`admin.clientSecretEnvVar`), which is not set"))
        });
    }
    if let Some(path) = &credentials.client_secret_location {
        let read = std::fs::read_to_string(path).map(Secret::from);
        let place = format!("`{}` (`admin.clientSecretLocation`)", path.display());
        let secret = read.map_err(|error| wrong(format!("the client's secret cannot be read from {place}: {error}")))?;
        return match secret.expose() {
            "" => Err(wrong(format!("the client's secret should be in {place}, which is empty"))),
            _ => Ok(secret),
        };
    }
    Err(wrong("the login with a client's secret needs the secret".to_owned())
        .with_hint("set `admin.clientSecretLocation`, `admin.clientSecretEnvVar` or FLYTE_CREDENTIALS_CLIENT_SECRET"))
}
