//! A control plane that is slow, drops calls, or limits their rate, while somebody waits.

use std::time::Duration;

use nebulakit_tests::flyte::{Fault, grpc};

use super::{Door, Said};

const LAUNCH: &str = "run chain --x 3 --remote --wait";

#[tokio::test]
async fn every_third_call_is_refused_for_its_rate() {
    let door = Door::flows().await;
    door.double.every(3, Fault::Refused(grpc::RESOURCE_EXHAUSTED, "too many requests".to_owned()));
    assert_eq!(door.print(LAUNCH).await, "13\n");
    assert_eq!(door.double.executions().len(), 1);
}

#[tokio::test]
async fn every_third_call_is_dropped_before_it_takes_effect() {
    let door = Door::flows().await;
    door.double.every(3, Fault::DroppedBefore);
    assert_eq!(door.print(LAUNCH).await, "13\n");
    assert_eq!(door.double.executions().len(), 1);
}

#[tokio::test]
async fn every_other_call_is_dropped_behind_its_effect() {
    let door = Door::flows().await;
    door.double.every(2, Fault::DroppedAfter);
    assert_eq!(door.print(LAUNCH).await, "13\n");
    assert_eq!(door.double.executions().len(), 1, "{:?}", door.double.executions());
}

#[tokio::test]
async fn an_answer_to_a_launch_that_is_lost_starts_no_second_execution() {
    let door = Door::flows().await;
    door.double.fault("CreateExecution", Fault::DroppedAfter);
    assert_eq!(door.print(LAUNCH).await, "13\n");
    assert_eq!(door.double.executions().len(), 1);
}

#[tokio::test]
async fn every_call_is_slow() {
    let door = Door::flows().await;
    door.double.every(1, Fault::Slow(Duration::from_millis(50)));
    assert_eq!(door.print(LAUNCH).await, "13\n");
}

#[tokio::test]
async fn a_control_plane_that_answers_nothing_for_a_while_is_waited_for() {
    let door = Door::flows().await;
    let hold = door.double.hold("GetExecution");
    let waiting = door.start("run chain --x 3 --remote --wait --name one");
    hold.reached(1).await;
    door.double.ended("one").await;
    hold.open();
    let said = Said::by(waiting).await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), "13\n"), "{said:?}");
}

#[tokio::test]
async fn a_control_plane_that_is_away_is_told_of_and_asked_again() {
    let door = Door::flows().await;
    let hold = door.double.hold("cluster_flows.constructs.double");
    let waiting = door.start("run chain --x 3 --remote --wait --name one");
    hold.reached(1).await;
    door.double.refuse("GetExecution", 20, grpc::UNAVAILABLE);
    hold.open();
    let said = Said::by(waiting).await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), "13\n"), "{said:?}");
}

#[tokio::test]
async fn calls_that_are_dropped_do_not_end_a_watch() {
    let door = Door::flows().await;
    door.print("run chain --x 3 --remote --name one").await;
    door.double.every(3, Fault::DroppedBefore);
    assert_eq!(door.print("executions watch one").await, "13\n");
}
