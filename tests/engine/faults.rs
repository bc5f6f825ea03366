//! Bad days of the control plane, seen by the client.

use nebulakit::backend::flyte::compile::Program;
use nebulakit_tests::flyte::{Double, Fault, grpc};

use crate::flows;

async fn registers(double: &Double) -> Vec<String> {
    crate::register(double, Program::of([flows::chain::graph().unwrap()])).await;
    double.calls()
}

fn count(calls: &[String], method: &str) -> usize {
    calls.iter().filter(|call| *call == method).count()
}

#[tokio::test]
async fn what_is_refused_for_its_rate_is_tried_again() {
    let double = crate::double();
    double.refuse("CreateWorkflow", 1, grpc::RESOURCE_EXHAUSTED);
    double.refuse("CreateWorkflow", 1, grpc::UNAVAILABLE);
    assert_eq!(count(&registers(&double).await, "CreateWorkflow"), 3);
}

#[tokio::test]
async fn a_call_that_is_cut_off_is_made_again_whether_or_not_it_took_effect() {
    for fault in [Fault::DroppedBefore, Fault::DroppedAfter] {
        let double = crate::double();
        double.fault("CreateWorkflow", fault);
        assert_eq!(count(&registers(&double).await, "CreateWorkflow"), 2);
    }
}

#[tokio::test]
async fn what_is_held_waits() {
    let double = crate::double();
    let hold = double.hold("CreateLaunchPlan");
    let registered = registers(&double);
    let opened = async {
        hold.reached(1).await;
        assert_eq!(double.calls().last().unwrap(), "CreateLaunchPlan");
        hold.open();
    };
    futures_util::future::join(registered, opened).await;
}

#[tokio::test]
async fn a_task_that_is_held_has_not_begun() {
    let double = crate::registered([flows::chain::graph().unwrap()]).await;
    let hold = double.hold("engine.flows.double");
    crate::shown::launch(&double, "engine.flows.chain", "held", [("x", crate::shown::number(1))]).await;
    hold.reached(1).await;
    assert_eq!(double.log("held-n0-0"), "");
    hold.open();
    hold.reached(2).await;
    double.ended("held").await;
    assert_eq!(crate::shown::shown(&double, "held").await["phase"], "SUCCEEDED");
}
