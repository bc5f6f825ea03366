//! What uploads share: connections, where they go, and a limit of how many there are at once.

use std::path::Path;

use nebulakit_types::client::{HttpClient, Protocol};
use tokio::sync::Semaphore;

use super::super::client::FlyteClient;
use super::super::error::{ClientError, ClientErrorKind};

/// How many files are on their way at a time.
pub(super) const AT_A_TIME: usize = 8;

/// Uploads that share connections, and a limit of how many there are at once.
pub(super) struct Uploads<'a> {
    pub(super) client: &'a FlyteClient,
    pub(super) http: HttpClient,
    pub(super) project: &'a str,
    pub(super) domain: &'a str,
    pub(super) turns: Semaphore,
}

impl<'a> Uploads<'a> {
    /// Those of a client.
    ///
    /// # Errors
    /// The client has no project, or its proxy is not one.
    pub(super) fn of(client: &'a FlyteClient) -> Result<Self, ClientError> {
        let http = HttpClient::new(client.settings().transfers(), Protocol::Http1)
            .map_err(|fault| ClientError::new(ClientErrorKind::Settings, format!("the client of uploads: {fault}")))?;
        Ok(Self { client, http, project: client.known_project()?, domain: client.domain(), turns: Semaphore::new(AT_A_TIME) })
    }
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> ClientError {
    ClientError::new(ClientErrorKind::Upload, format!("cannot read `{}`: {error}", path.display()))
}

pub(super) fn refused(path: &Path, why: &str) -> ClientError {
    ClientError::new(ClientErrorKind::Upload, format!("cannot upload `{}`: {why}", path.display()))
}

/// Neither a pipe nor a device can be uploaded: reading it may never end.
pub(super) fn neither(path: &Path) -> ClientError {
    refused(path, "it is neither a file nor a directory")
}
