//! Requests to an authorization server, by the crate `oauth2` over this project's HTTP client.

use std::future::Future;

use nebulakit_types::client::{Fault, HttpClient};
use oauth2::basic::{BasicClient, BasicRequestTokenError};
use oauth2::{ClientId, ErrorResponse, HttpRequest, HttpResponse, RefreshToken, RequestTokenError, Scope, TokenUrl};

use super::super::error::{ClientError, ClientErrorKind};
use super::token::Token;
use super::told::AuthorizationServer;

/// An authorization server that can be asked.
pub(super) struct OAuth<'a> {
    pub(super) http: &'a HttpClient,
    pub(super) server: &'a AuthorizationServer,
}

impl OAuth<'_> {
    /// How the crate reaches the server.
    pub(super) fn requests(&self) -> impl Fn(HttpRequest) -> BoxedAnswer + use<> {
        let http = self.http.clone();
        move |request| {
            let http = http.clone();
            Box::pin(async move { http.exchange(request).await })
        }
    }

    pub(super) fn client_id(&self) -> ClientId {
        ClientId::new(self.server.client_id.clone())
    }

    pub(super) fn token_url(&self) -> TokenUrl {
        TokenUrl::from_url(self.server.token_url.clone())
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = Scope> + '_ {
        self.server.scopes.iter().cloned().map(Scope::new)
    }

    /// A new token for an old one, without a login; nothing if the server does not give one out.
    pub(super) async fn refreshed(&self, former: &Token) -> Result<Option<Token>, ClientError> {
        let Some(refresh) = &former.refresh else { return Ok(None) };
        let right = RefreshToken::new(refresh.expose().to_owned());
        let client = BasicClient::new(self.client_id()).set_token_uri(self.token_url());
        // Without scopes it is for those of the login, which may be fewer than were asked for; a provider refuses to add to them.
        let answer: Result<_, BasicRequestTokenError<Fault>> = client.exchange_refresh_token(&right).request_async(&self.requests()).await;
        match answer {
            Ok(answer) => {
                let mut token = Token::given(&answer);
                // A server that does not replace it means that it goes on counting.
                token.refresh = token.refresh.or_else(|| former.refresh.clone());
                Ok(Some(token))
            }
            Err(RequestTokenError::ServerResponse(refusal)) => {
                tracing::info!("the login has ended: {refusal}");
                Ok(None)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Why the server gave no token. What was sent and received is not repeated: it may hold secrets.
    pub(super) fn failed<T: ErrorResponse + std::fmt::Display + 'static>(&self, error: RequestTokenError<Fault, T>) -> ClientError {
        let place = &self.server.token_url;
        let place = format!("{}{}", place.origin().ascii_serialization(), place.path());
        let (kind, what) = match error {
            RequestTokenError::ServerResponse(refusal) => (ClientErrorKind::Unauthenticated, format!("refused the login: {refusal}")),
            RequestTokenError::Request(fault) => (ClientErrorKind::Unreachable, fault.to_string()),
            RequestTokenError::Parse(error, _) => {
                (ClientErrorKind::Unauthenticated, format!("answered something else than a token, at `{}`", error.path()))
            }
            RequestTokenError::Other(text) => (ClientErrorKind::Unauthenticated, format!("did not give out a token: {text}")),
        };
        ClientError::new(kind, format!("`{place}` {what}"))
    }
}

/// An answer of the authorization server.
pub(super) type BoxedAnswer = std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, Fault>> + Send>>;
