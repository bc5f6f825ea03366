//! Each construct: registered by `register`, launched by `run --remote --wait`, and its outputs printed.

use super::Door;

/// What a launch prints that is waited for.
async fn gives(words: &str) -> String {
    Door::flows().await.print(&format!("run {words} --remote --wait")).await
}

#[tokio::test]
async fn a_chain() {
    assert_eq!(gives("chain --x 3").await, "13\n");
}

#[tokio::test]
async fn parts_of_values_and_lists() {
    assert_eq!(gives("bindings --x 4").await, "parts: [4,7,4]\nsum: 12\n");
}

#[tokio::test]
async fn a_workflow_within_a_workflow() {
    assert_eq!(gives("nested --x 1").await, "21\n");
}

#[tokio::test]
async fn a_map_of_a_task() {
    assert_eq!(gives("mapped --xs 1 --xs 2 --unit m").await, "0.5 m,1 m\n");
}

#[tokio::test]
async fn a_map_whose_elements_may_fail() {
    assert_eq!(gives("enough --xs 1 --xs 2").await, "none 1\n");
}

#[tokio::test]
async fn a_map_of_a_workflow() {
    assert_eq!(gives("mapped_workflows --table [[1,2],[3]]").await, "14\n");
}

#[tokio::test]
async fn a_condition_within_a_condition() {
    assert_eq!(gives("decides --x 3").await, "6\n");
}

#[tokio::test]
async fn a_dynamic_task_with_all_of_it_inside() {
    assert_eq!(gives("dynamic_nested --n 3").await, "37\n");
}

#[tokio::test]
async fn a_launch_plan_as_a_node() {
    assert_eq!(gives("plans --b 5").await, "227\n");
}

#[tokio::test]
async fn a_file_of_this_machine() {
    let door = Door::flows().await;
    std::fs::write(door.home().join("words.txt"), "one two three\n").unwrap();
    assert_eq!(door.print("run words_of --file words.txt --remote --wait").await, "3\n");
}
