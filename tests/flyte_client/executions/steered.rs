//! Executions that are launched once more, stopped and answered.

use nebulakit::backend::flyte::{ClientErrorKind, RelaunchOptions};
use nebulakit::run::Answer;
use nebulakit_types::Dialect;
use nebulakit_types::wire::flyteidl::admin::{ExecutionRecoverRequest, SignalSetRequest};
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use prost::Message as _;
use tempfile::tempdir;

use super::given::gated;
use super::{of, reached};
use crate::double::executions::{Executions, execution};

#[tokio::test]
async fn a_lost_answer_does_not_start_two_executions() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        state.executions.push(execution("bad", Phase::Failed, None));
        state.loses_answer = true;
    });
    let client = reached(&executions, home.path()).await;
    let next = of(&client, "bad").recover(&RelaunchOptions::default()).await.unwrap();
    assert_eq!(executions.sent::<ExecutionRecoverRequest>("RecoverExecution").len(), 2, "the call was repeated");
    assert_eq!(executions.look(|state| state.executions.len()), 2);
    let details = next.details().await.unwrap();
    assert_eq!((details.mode, details.reference.unwrap().name.as_str()), ("recovered", "bad"));
    executions.change(|state| state.loses_answer = true);
    let named = of(&client, "bad").relaunch(&RelaunchOptions::default().name("again")).await.unwrap();
    assert_eq!(named.id().name, "again", "an answer that is lost is no failure of a named one either");
    let twice = of(&client, "bad").relaunch(&RelaunchOptions::default().name("again")).await.unwrap_err();
    assert_eq!(twice.kind(), ClientErrorKind::AlreadyExists, "the first try was refused already");
    let taken = of(&client, "bad").relaunch(&RelaunchOptions::default().name("bad")).await.unwrap_err();
    assert_eq!(taken.kind(), ClientErrorKind::AlreadyExists);
    let refused = of(&client, "bad").relaunch(&RelaunchOptions::default().name("Bad_")).await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Settings, "the platform would take it, and fail the execution");
}

#[tokio::test]
async fn what_is_over_cannot_be_stopped_and_a_lost_answer_is_no_failure() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        state.executions.push(execution("done", Phase::Succeeded, None));
        state.executions.push(execution("runs", Phase::Running, None));
    });
    let client = reached(&executions, home.path()).await;
    let error = of(&client, "done").terminate("late").await.unwrap_err();
    assert_eq!(error.message(), "the execution `done` is over already: succeeded");
    executions.change(|state| state.loses_answer = true);
    of(&client, "runs").terminate("enough").await.unwrap();
    assert_eq!(of(&client, "runs").terminate("again").await.unwrap_err().kind(), ClientErrorKind::Invalid);
}

#[tokio::test]
async fn a_gate_is_answered_before_the_platform_has_reached_it() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(gated));
    let client = reached(&executions, home.path()).await;
    let waits = of(&client, "waits");
    let value = nebulakit_types::encode(&7_i64, &Dialect::FLYTE_1).unwrap();
    waits.answer("more", Answer::Value(value)).await.unwrap();
    waits.answer("go", Answer::Reject).await.unwrap();
    let sent = executions.sent::<SignalSetRequest>("SetSignal");
    let sent: Vec<_> = sent.iter().map(|request| request.value.as_ref().unwrap().encode_to_vec()).collect();
    assert_eq!(nebulakit_types::decode::<i64>(&sent[0]).unwrap(), 7);
    assert!(!nebulakit_types::decode::<bool>(&sent[1]).unwrap());
    let error = waits.answer("other", Answer::Approve).await.unwrap_err();
    assert_eq!(error.message(), "the execution `waits` has no signal `other`; it has `go`, `more`");
    let error = waits.answer("more", Answer::Approve).await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Invalid, "{error}");
    assert_eq!(executions.sent::<SignalSetRequest>("SetSignal").len(), 2, "what its gate does not take is not sent");
}
