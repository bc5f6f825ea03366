//! The login of a person in the browser: authorization code with PKCE.

use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl};
use url::Url;

use super::super::error::{ClientError, ClientErrorKind};
use super::oauth::OAuth;
use super::prompt::{Login, Prompt};
use super::redirected::Redirected;
use super::token::Token;

pub(super) async fn log_in(oauth: &OAuth<'_>, prompt: &Prompt, limit: Duration) -> Result<Token, ClientError> {
    let wrong = |message: String| ClientError::new(ClientErrorKind::Unauthenticated, message);
    let page = oauth.server.page_url.clone().ok_or_else(|| {
        wrong("the control plane names no page for logins in the browser".to_owned())
            .with_hint("`admin.authType` has the other ways to log in: ClientSecret, DeviceFlow, ExternalCommand")
    })?;
    let redirect = &oauth.server.redirect_uri;
    let redirect = Url::parse(redirect).map_err(|_| wrong(format!("the control plane's redirect URI `{redirect}` is not a URL")))?;
    let redirected = Redirected::listen(&redirect).await?;
    let client = BasicClient::new(oauth.client_id())
        .set_auth_uri(AuthUrl::from_url(page))
        .set_token_uri(oauth.token_url())
        .set_redirect_uri(RedirectUrl::from_url(redirect));
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge).add_scopes(oauth.scopes());
    if let Some(audience) = &oauth.server.audience {
        request = request.add_extra_param("audience", audience);
    }
    let (url, state) = request.url();
    prompt(Login::Browser { url: url.as_str() });
    let code = match tokio::time::timeout(limit, redirected.code(state.secret())).await {
        Ok(code) => code?,
        Err(_) => {
            return Err(wrong(format!("nobody logged in in the browser within {limit:?}"))
                .with_hint("where there is no browser, use `admin.authType: DeviceFlow` or `ClientSecret`"));
        }
    };
    let answer = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier).request_async(&oauth.requests()).await;
    Ok(Token::given(&answer.map_err(|error| oauth.failed(error))?))
}
