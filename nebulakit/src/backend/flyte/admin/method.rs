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
pub(in super::super) const CREATE_TASK: Method<admin::TaskCreateRequest, admin::TaskCreateResponse> =
    Method::new("/flyteidl.service.AdminService/CreateTask");
pub(in super::super) const CREATE_WORKFLOW: Method<admin::WorkflowCreateRequest, admin::WorkflowCreateResponse> =
    Method::new("/flyteidl.service.AdminService/CreateWorkflow");
pub(in super::super) const CREATE_LAUNCH_PLAN: Method<admin::LaunchPlanCreateRequest, admin::LaunchPlanCreateResponse> =
    Method::new("/flyteidl.service.AdminService/CreateLaunchPlan");
pub(in super::super) const UPDATE_LAUNCH_PLAN: Method<admin::LaunchPlanUpdateRequest, admin::LaunchPlanUpdateResponse> =
    Method::new("/flyteidl.service.AdminService/UpdateLaunchPlan");
pub(in super::super) const GET_WORKFLOW: Method<admin::ObjectGetRequest, admin::Workflow> =
    Method::new("/flyteidl.service.AdminService/GetWorkflow");
pub(in super::super) const GET_VERSION: Method<admin::GetVersionRequest, admin::GetVersionResponse> =
    Method::new("/flyteidl.service.AdminService/GetVersion");
