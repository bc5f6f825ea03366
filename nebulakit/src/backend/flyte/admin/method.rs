//! The methods of the control plane, each with what it takes and gives.

use std::marker::PhantomData;

use nebulakit_types::wire::flyteidl::{admin, service};

/// A method that takes a `Q` and gives an `A`.
pub(in super::super) struct Method<Q, A> {
    pub(super) path: &'static str,
    messages: PhantomData<fn(Q) -> A>,
}

impl<Q, A> Method<Q, A> {
    const fn new(path: &'static str) -> Self {
        Self { path, messages: PhantomData }
    }

    /// The name alone, such as `CreateTask`.
    pub(in super::super) fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

pub(in super::super) const GET_OAUTH2_METADATA: Method<service::OAuth2MetadataRequest, service::OAuth2MetadataResponse> =
    Method::new("/flyteidl.service.AuthMetadataService/GetOAuth2Metadata");
pub(in super::super) const GET_PUBLIC_CLIENT_CONFIG: Method<
    service::PublicClientAuthConfigRequest,
    service::PublicClientAuthConfigResponse,
> = Method::new("/flyteidl.service.AuthMetadataService/GetPublicClientConfig");
pub(in super::super) const GET_VERSION: Method<admin::GetVersionRequest, admin::GetVersionResponse> =
    Method::new("/flyteidl.service.AdminService/GetVersion");
