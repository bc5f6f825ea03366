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

/// The methods of one service, as the constants that name them.
macro_rules! methods {
    ($service:literal: $($constant:ident $name:literal ($request:ty) -> $answer:ty;)*) => {
        $(
            pub(in super::super) const $constant: Method<$request, $answer> =
                Method::new(concat!("/flyteidl.service.", $service, "/", $name));
        )*
    };
}

methods! { "AuthMetadataService":
    GET_OAUTH2_METADATA "GetOAuth2Metadata" (service::OAuth2MetadataRequest) -> service::OAuth2MetadataResponse;
    GET_PUBLIC_CLIENT_CONFIG "GetPublicClientConfig" (service::PublicClientAuthConfigRequest) -> service::PublicClientAuthConfigResponse;
}

methods! { "AdminService":
    GET_VERSION "GetVersion" (admin::GetVersionRequest) -> admin::GetVersionResponse;
    CREATE_TASK "CreateTask" (admin::TaskCreateRequest) -> admin::TaskCreateResponse;
    GET_TASK "GetTask" (admin::ObjectGetRequest) -> admin::Task;
    LIST_TASKS "ListTasks" (admin::ResourceListRequest) -> admin::TaskList;
    CREATE_WORKFLOW "CreateWorkflow" (admin::WorkflowCreateRequest) -> admin::WorkflowCreateResponse;
    GET_WORKFLOW "GetWorkflow" (admin::ObjectGetRequest) -> admin::Workflow;
    CREATE_LAUNCH_PLAN "CreateLaunchPlan" (admin::LaunchPlanCreateRequest) -> admin::LaunchPlanCreateResponse;
    GET_LAUNCH_PLAN "GetLaunchPlan" (admin::ObjectGetRequest) -> admin::LaunchPlan;
    GET_ACTIVE_LAUNCH_PLAN "GetActiveLaunchPlan" (admin::ActiveLaunchPlanRequest) -> admin::LaunchPlan;
    LIST_LAUNCH_PLANS "ListLaunchPlans" (admin::ResourceListRequest) -> admin::LaunchPlanList;
    UPDATE_LAUNCH_PLAN "UpdateLaunchPlan" (admin::LaunchPlanUpdateRequest) -> admin::LaunchPlanUpdateResponse;
    CREATE_EXECUTION "CreateExecution" (admin::ExecutionCreateRequest) -> admin::ExecutionCreateResponse;
    RELAUNCH_EXECUTION "RelaunchExecution" (admin::ExecutionRelaunchRequest) -> admin::ExecutionCreateResponse;
    RECOVER_EXECUTION "RecoverExecution" (admin::ExecutionRecoverRequest) -> admin::ExecutionCreateResponse;
    TERMINATE_EXECUTION "TerminateExecution" (admin::ExecutionTerminateRequest) -> admin::ExecutionTerminateResponse;
    GET_EXECUTION "GetExecution" (admin::WorkflowExecutionGetRequest) -> admin::Execution;
    GET_EXECUTION_DATA "GetExecutionData" (admin::WorkflowExecutionGetDataRequest) -> admin::WorkflowExecutionGetDataResponse;
    LIST_EXECUTIONS "ListExecutions" (admin::ResourceListRequest) -> admin::ExecutionList;
    GET_NODE_EXECUTION "GetNodeExecution" (admin::NodeExecutionGetRequest) -> admin::NodeExecution;
    GET_NODE_EXECUTION_DATA "GetNodeExecutionData" (admin::NodeExecutionGetDataRequest) -> admin::NodeExecutionGetDataResponse;
    LIST_NODE_EXECUTIONS "ListNodeExecutions" (admin::NodeExecutionListRequest) -> admin::NodeExecutionList;
    GET_TASK_EXECUTION "GetTaskExecution" (admin::TaskExecutionGetRequest) -> admin::TaskExecution;
    LIST_TASK_EXECUTIONS "ListTaskExecutions" (admin::TaskExecutionListRequest) -> admin::TaskExecutionList;
}

methods! { "SignalService":
    GET_OR_CREATE_SIGNAL "GetOrCreateSignal" (admin::SignalGetOrCreateRequest) -> admin::Signal;
    LIST_SIGNALS "ListSignals" (admin::SignalListRequest) -> admin::SignalList;
    SET_SIGNAL "SetSignal" (admin::SignalSetRequest) -> admin::SignalSetResponse;
}

methods! { "DataProxyService":
    CREATE_UPLOAD_LOCATION "CreateUploadLocation" (service::CreateUploadLocationRequest) -> service::CreateUploadLocationResponse;
    CREATE_DOWNLOAD_LOCATION "CreateDownloadLocation" (service::CreateDownloadLocationRequest) -> service::CreateDownloadLocationResponse;
}
