//! Executions that ran, looked at and begun again.

use serde_json::Value;

use super::{Door, Said};

/// A door at which `unlucky` has failed as `bad`, and the file that it needs.
async fn unlucky() -> (Door, std::path::PathBuf) {
    let door = Door::flows().await;
    let luck = door.home().join("luck");
    let said = door.say(&format!("run unlucky --x 20 --luck {} --remote --wait --name bad", luck.display())).await;
    assert!(said.code == Some(1) && said.err.contains("no luck"), "{said:?}");
    (door, luck)
}

#[tokio::test]
async fn what_ran_is_listed_and_its_values_are_read() {
    let door = Door::flows().await;
    door.print("run chain --x 3 --remote --wait --name one").await;
    let listed = door.print("executions list --workflow cluster_flows.constructs.chain").await;
    assert!(listed.starts_with("one  succeeded"), "{listed}");
    assert_eq!(door.print("executions list --phase failed").await, "no such executions in flytesnacks/development\n");
    assert_eq!(door.print("executions inputs one").await, "3\n");
    assert_eq!(door.print("executions outputs one").await, "13\n");
    assert_eq!(door.print("executions outputs one n1").await, "12\n");
    let logs = door.print("executions logs one n0").await;
    assert!(logs.contains("one-n0-0.log"), "{logs}");
}

#[tokio::test]
async fn nodes_are_shown_below_their_nodes() {
    let door = Door::flows().await;
    door.print("run nested --x 1 --remote --wait --name nested").await;
    let shown: Value = serde_json::from_str(&door.print("executions show nested --json").await).unwrap();
    let text = shown.to_string();
    assert!(text.contains("n0/n0") && text.contains("cluster_flows.constructs.double"), "{shown:#}");
}

#[tokio::test]
async fn what_is_over_is_watched_to_its_outputs() {
    let door = Door::flows().await;
    door.print("run chain --x 3 --remote --wait --name one").await;
    assert_eq!(door.print("executions watch one").await, "13\n");
}

#[tokio::test]
async fn what_runs_is_watched_to_its_end() {
    let door = Door::flows().await;
    let hold = door.double.hold("cluster_flows.constructs.double");
    assert!(door.print("run chain --x 3 --remote --name one").await.contains("one"));
    hold.reached(1).await;
    let watching = door.start("executions watch one");
    hold.open();
    let said = Said::by(watching).await;
    assert_eq!((said.code, said.out.as_str()), (Some(0), "13\n"), "{said:?}");
}

#[tokio::test]
async fn what_failed_is_watched_to_its_error() {
    let (door, _) = unlucky().await;
    let said = door.say("executions watch bad").await;
    assert!(said.code == Some(1) && said.err.contains("no luck"), "{said:?}");
}

#[tokio::test]
async fn relaunching_runs_everything_again() {
    let door = Door::flows().await;
    door.print("run chain --x 3 --remote --wait --name one").await;
    let starts = door.double.hold("cluster_flows.constructs.double");
    starts.open();
    assert_eq!(door.print("executions relaunch one --name again").await, "again\n");
    assert_eq!(door.print("executions watch again").await, "13\n");
    starts.reached(2).await;
}

#[tokio::test]
async fn recovering_runs_only_what_failed() {
    let (door, luck) = unlucky().await;
    std::fs::write(luck, "luck").unwrap();
    assert_eq!(door.print("executions recover bad --name better").await, "better\n");
    assert_eq!(door.print("executions watch better").await, "41\n");
    let shown = door.print("executions show better").await;
    assert!(shown.lines().any(|line| line.contains("n0") && line.contains("recovered")), "{shown}");
}

#[tokio::test]
async fn a_failed_attempt_is_replayed_here() {
    let (door, luck) = unlucky().await;
    let said = door.say("executions replay bad").await;
    assert!(said.code == Some(1) && said.err.contains("replaying n1, attempt 1") && said.err.contains("no luck"), "{said:?}");
    std::fs::write(luck, "luck").unwrap();
    assert_eq!(door.print("executions replay bad").await, "41\n");
}

#[tokio::test]
async fn an_element_of_a_map_is_replayed_here() {
    let door = Door::flows().await;
    door.say("run all_of_them --xs 4 --xs 3 --remote --wait --name odd").await;
    let said = door.say("executions replay odd").await;
    assert!(said.code == Some(1) && said.err.contains("replaying n0[1], attempt 1") && said.err.contains("3 is odd"), "{said:?}");
    assert_eq!(door.print("executions replay odd n0[0]").await, "2\n");
}

#[tokio::test]
async fn what_a_dynamic_task_made_is_replayed_here() {
    let door = Door::flows().await;
    door.print("run cluster_flows.constructs.dynamic --n 3 --remote --wait --name grown").await;
    assert_eq!(door.print("executions replay grown n0/n2").await, "4\n");
}
