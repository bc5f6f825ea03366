//! Programs that launch: values come back by their types, and failures as typed errors.

use nebulakit::backend::RunError;
use nebulakit::backend::flyte::FlyteClient;
use nebulakit::prelude::*;
use nebulakit_tests::flyte::PROJECT;

use super::{Door, LAUNCHING};

#[path = "../../flyte_client/launching/tasks.rs"]
#[allow(dead_code, reason = "not all of them are launched here")]
mod tasks;

async fn door() -> (Door, FlyteClient) {
    let door = Door::open(LAUNCHING).await;
    let client = door.double.client().with_project(PROJECT);
    (door, client)
}

#[tokio::test]
async fn a_task_gives_its_value() {
    let (_door, client) = door().await;
    let half: f64 = tasks::divider::with(1.0, Default).launch(&client).await.unwrap().wait().await.unwrap();
    assert_eq!(half, 0.5);
}

#[tokio::test]
async fn a_workflow_of_everything_gives_its_value() {
    let (_door, client) = door().await;
    let whole = tasks::whole::with(vec![1, 2, 3], 4).launch(&client).await.unwrap().wait().await.unwrap();
    assert_eq!(whole, 396);
}

#[tokio::test]
async fn a_file_travels_there_and_back() {
    let (door, client) = door().await;
    let folder = door.home().join("texts");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "one\n").unwrap();
    std::fs::write(folder.join("b.txt"), "two\n").unwrap();
    let joined: File = tasks::joined::with(Directory::from_path(folder)).launch(&client).await.unwrap().wait().await.unwrap();
    let lines = tasks::lines::with(joined).launch(&client).await.unwrap().wait().await.unwrap();
    assert_eq!(lines, 2);
}

#[tokio::test]
async fn a_failure_is_of_its_node_and_has_its_code() {
    let (_door, client) = door().await;
    let error = tasks::failing::with(4).launch(&client).await.unwrap().wait().await.unwrap_err();
    let RunError::Failed(failed) = &error else { panic!("{error:?}") };
    assert_eq!((failed.node.as_str(), failed.of.as_str(), &*failed.failure.code), ("n1", "launching.fails", "NotToBeHad"));
    assert!(failed.failure.message.contains("8 is not to be had"), "{error}");
}
