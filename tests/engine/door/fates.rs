//! Executions that fail, come back, are remembered, wait, or are stopped.

use nebulakit_types::wire::flyteidl::core::node_execution::Phase as NodePhase;

use super::{Door, Said};

#[tokio::test]
async fn a_failure_has_its_code_its_node_and_its_message() {
    let door = Door::flows().await;
    let said = door.say("run guarded --x 2 --remote --wait --name guarded").await;
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.contains("error[FLOWS:Broken]") && said.err.contains("broken as asked"), "{said:?}");
}

#[tokio::test]
async fn a_handler_is_told_of_the_failure() {
    let door = Door::flows().await;
    door.say("run guarded --x 2 --remote --wait --name guarded").await;
    let shown = door.print("executions show guarded").await;
    assert!(shown.lines().any(|line| line.contains("fn0") && line.contains("succeeded")), "{shown}");
}

#[tokio::test]
async fn a_map_says_which_element_failed() {
    let door = Door::flows().await;
    let said = door.say("run all_of_them --xs 1 --xs 2 --remote --wait").await;
    assert!(said.code == Some(1) && said.err.contains("1 is odd"), "{said:?}");
}

#[tokio::test]
async fn what_keeps_going_fails_at_its_end() {
    let door = Door::flows().await;
    let said = door.say("run goes_on --x 1 --remote --wait --name goes").await;
    assert!(said.code == Some(1) && said.err.contains("one of two"), "{said:?}");
    let shown = door.print("executions show goes").await;
    assert_eq!(shown.lines().filter(|line| line.contains("succeeded")).count(), 2, "{shown}");
}

#[tokio::test]
async fn what_fails_is_tried_again_with_what_it_saved() {
    let door = Door::flows().await;
    assert_eq!(door.print("run returns --last 2 --remote --wait --name back").await, "012\n");
    let shown = door.print("executions show back").await;
    assert!(shown.contains("3 attempts"), "{shown}");
}

#[tokio::test]
async fn what_is_remembered_is_not_run_again() {
    let door = Door::flows().await;
    for name in ["first", "second"] {
        assert_eq!(door.print(&format!("run cluster_flows.fates.remembers --x 5 --remote --wait --name {name}")).await, "25\n");
    }
    let shown = door.print("executions show second").await;
    assert!(shown.contains("cache"), "{shown}");
}

#[tokio::test]
async fn gates_take_a_value_and_a_word_while_somebody_waits() {
    let door = Door::flows().await;
    let waiting = door.start("run gated --x 1 --remote --wait --name gated");
    door.double.awaited("gated", "more").await;
    door.print("executions signal gated more 41").await;
    door.double.awaited("gated", "release").await;
    door.print("executions signal gated release approve").await;
    let said = Said::by(waiting).await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), "42\n"), "{said:?}");
}

#[tokio::test]
async fn what_is_rejected_fails() {
    let door = Door::flows().await;
    let waiting = door.start("run approved --x 1 --remote --wait --name rejected");
    door.double.awaited("rejected", "release").await;
    door.print("executions signal rejected release reject").await;
    let said = Said::by(waiting).await;
    assert!(said.code == Some(1) && said.err.contains("reject"), "{said:?}");
}

#[tokio::test]
async fn what_is_terminated_ends_its_containers_and_its_watcher() {
    let door = Door::flows().await;
    let hold = door.double.hold("cluster_flows.fates.waits");
    let waiting = door.start("run endless --remote --wait --name endless");
    hold.reached(1).await;
    hold.open();
    door.double.reached("endless", "n0", NodePhase::Running).await;
    let said = door.say("executions terminate endless --cause enough").await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), "the execution endless was asked to stop\n"), "{said:?}");
    let said = Said::by(waiting).await;
    assert_ne!(said.code, Some(0), "{said:?}");
    let shown = door.print("executions show endless").await;
    assert!(shown.contains("aborted") && shown.contains("enough"), "{shown}");
}
