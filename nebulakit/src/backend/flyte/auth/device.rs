//! The login of a person on another device.

use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{DeviceAuthorizationUrl, StandardDeviceAuthorizationResponse};

use super::super::error::{ClientError, ClientErrorKind};
use super::oauth::OAuth;
use super::prompt::{Login, Prompt};
use super::token::Token;

pub(super) async fn log_in(oauth: &OAuth<'_>, prompt: &Prompt, limit: Duration) -> Result<Token, ClientError> {
    let Some(url) = oauth.server.device_url.clone() else {
        let message = "the control plane names no place for logins on another device";
        return Err(ClientError::new(ClientErrorKind::Unauthenticated, message).with_hint("`admin.authType: Pkce` logs in in the browser"));
    };
    let client = BasicClient::new(oauth.client_id())
        .set_token_uri(oauth.token_url())
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(url));
    let requests = oauth.requests();
    let mut request = client.exchange_device_code().add_scopes(oauth.scopes());
    if let Some(audience) = &oauth.server.audience {
        request = request.add_extra_param("audience", audience);
    }
    let device: StandardDeviceAuthorizationResponse = request.request_async(&requests).await.map_err(|error| oauth.failed(error))?;
    prompt(Login::Device { url: device.verification_uri().as_str(), code: device.user_code().secret() });
    let answer = client.exchange_device_access_token(&device).request_async(&requests, tokio::time::sleep, Some(limit)).await;
    Ok(Token::given(&answer.map_err(|error| oauth.failed(error))?))
}
