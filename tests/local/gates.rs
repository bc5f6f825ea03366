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
    assert!(error.to_string().contains("takes str, not what came: an approval or a rejection"), "{error}");
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
