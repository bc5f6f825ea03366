//! Gates: approvals, values from outside, and times.

use std::time::Duration;

use nebulakit::prelude::*;

#[task]
fn length(text: String) -> i64 {
    text.len() as i64
}

#[workflow]
fn approved(x: Promise<i64>) -> Promise<i64> {
    gate::approve("publish", x)
}

#[workflow]
fn given() -> Promise<i64> {
    length::node(gate::wait_for::<String>("title"))
}

#[tokio::test]
async fn what_is_approved_goes_on_and_what_is_rejected_does_not() {
    assert_eq!(approved::with(7).run_local().approve("publish").await.unwrap(), 7);
    let error = approved::with(7).run_local().reject("publish").await.unwrap_err();
    assert_eq!(error.code(), Some("USER:ReceivedRejectSignal"));
}

#[tokio::test]
async fn a_value_is_given_to_what_waits_for_it() {
    assert_eq!(given::with().run_local().signal("title", &"four".to_owned()).await.unwrap(), 4);
    let error = given::with().run_local().approve("title").await.unwrap_err();
    assert!(error.to_string().contains("takes str, not an approval or a rejection"), "{error}");
}

#[tokio::test]
async fn a_gate_that_nobody_can_answer_fails_at_once() {
    let error = approved::with(7).run_local().await.unwrap_err();
    assert!(error.to_string().contains("the signal `publish`"), "{error}");
    assert_eq!(error.code(), Some("USER:NoAnswer"));
}

#[workflow]
fn slow(x: Promise<i64>) -> Promise<i64> {
    let slept = gate::sleep("50ms");
    gate::approve("go", x).after(slept)
}

#[tokio::test]
async fn a_sleep_takes_its_time() {
    let begin = std::time::Instant::now();
    assert_eq!(slow::with(7).run_local().approve("go").await.unwrap(), 7);
    assert!(begin.elapsed() >= Duration::from_millis(50));
}

#[workflow]
fn launched(x: Promise<i64>) -> Promise<i64> {
    gate::approve("go", x)
}

#[launch_plan]
fn launches(x: Promise<i64>) -> Promise<i64> {
    launched::node(x)
}

#[workflow]
fn two_kinds() -> Promise<Vec<i64>> {
    [gate::wait_for::<i64>("go"), launches::node(7)].into_iter().collect()
}

#[tokio::test]
async fn two_kinds_of_answers_to_one_signal_are_refused() {
    let error = two_kinds::with().run_local().signal("go", &1).await.unwrap_err();
    assert!(error.to_string().contains("a gate of the signal `go` takes"), "{error}");
}

#[task]
fn grows(x: i64) -> Promise<i64> {
    gate::approve("go", x)
}

#[workflow]
fn grows_another_kind() -> Promise<Vec<i64>> {
    [gate::wait_for::<i64>("go"), grows::node(7)].into_iter().collect()
}

#[tokio::test]
async fn a_dynamic_task_does_not_take_a_signal_from_its_gate() {
    let folder = tempfile::tempdir().unwrap();
    let error = grows_another_kind::with().run_local().dir(folder.path()).await.unwrap_err();
    assert!(error.to_string().contains("another one of the run"), "{error}");
}
