//! Compiled programs on a control plane: created, unchanged, different, refused.

use std::sync::{Arc, Mutex};

use nebulakit::backend::flyte::compile::{Compiled, Options, Program, compile};
use nebulakit::backend::flyte::{ClientErrorKind, Difference, EntityKind, FlyteClient, Outcome, RegisterOptions};
use nebulakit::prelude::*;
use serde_json::json;
use tempfile::tempdir;

use crate::double::registry::Registry;

#[task(name = "app.double")]
fn double(x: i64) -> i64 {
    2 * x
}

#[task(name = "app.half")]
fn half(x: i64) -> i64 {
    x / 2
}

#[workflow(name = "app.quadruple")]
fn quadruple(x: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x))
}

#[workflow(name = "app.quadruple")]
fn quadruple_otherwise(x: Promise<i64>) -> Promise<i64> {
    double::node(half::node(double::node(x)))
}

fn compiled(graphs: impl IntoIterator<Item = nebulakit::graph::Graph>, image: &str, version: &str) -> Compiled {
    compile(&Program::of(graphs), &Options::new(image, "/app").target("flytesnacks", "development", version)).unwrap()
}

fn quadruples(image: &str, version: &str) -> Compiled {
    compiled([quadruple::graph().unwrap()], image, version)
}

async fn client(registry: &Registry) -> (FlyteClient, tempfile::TempDir) {
    let home = tempdir().unwrap();
    let endpoint = registry.serve().await.to_string();
    (crate::double::client(home.path(), &json!({ "endpoint": endpoint, "insecure": true, "maxBackoffDelay": "1ms" })), home)
}

async fn words(client: &FlyteClient, compiled: &Compiled, options: &RegisterOptions) -> Vec<(EntityKind, String, Outcome)> {
    let registration = client.register(&compiled.entities, options).await.unwrap();
    registration.entities.into_iter().map(|entity| (entity.kind, entity.name, entity.outcome)).collect()
}

fn of(kind: EntityKind, name: &str, outcome: Outcome) -> (EntityKind, String, Outcome) {
    (kind, name.to_owned(), outcome)
}

#[tokio::test]
async fn registering_twice_changes_nothing() {
    let registry = Registry::default();
    let (client, _home) = client(&registry).await;
    let compiled = quadruples("app:1", "v1");
    for outcome in [Outcome::Created, Outcome::Unchanged] {
        let expected = [
            of(EntityKind::Task, "app.double", outcome.clone()),
            of(EntityKind::Workflow, "app.quadruple", outcome.clone()),
            of(EntityKind::LaunchPlan, "app.quadruple", outcome),
        ];
        assert_eq!(words(&client, &compiled, &RegisterOptions::default()).await, expected);
    }
}

#[tokio::test]
async fn another_image_under_the_same_version_is_told_with_what_depends_on_it() {
    let registry = Registry::default();
    let (client, _home) = client(&registry).await;
    client.register(&quadruples("app:1", "v1").entities, &RegisterOptions::default()).await.unwrap();
    let registration = client.register(&quadruples("app:2", "v1").entities, &RegisterOptions::default()).await.unwrap();
    assert!(!registration.is_success());
    let expected = "\
task         app.double     differs
workflow     app.quadruple  not sent
launch plan  app.quadruple  not sent

task app.double: another one is registered as version v1
  /template/Target/Container/image: registered `app:1`, sent `app:2`
hint: register it under another version

workflow app.quadruple: not sent, since it needs app.double

launch plan app.quadruple: not sent, since it needs app.quadruple
";
    assert_eq!(registration.to_string(), expected);
}

#[tokio::test]
async fn another_workflow_under_the_same_version_is_told_node_by_node() {
    let registry = Registry::default();
    let (client, _home) = client(&registry).await;
    client.register(&quadruples("app:1", "v1").entities, &RegisterOptions::default()).await.unwrap();
    let other = compiled([quadruple_otherwise::graph().unwrap()], "app:1", "v1");
    let outcomes = words(&client, &other, &RegisterOptions::default()).await;
    let (_, _, Outcome::Differs(differences)) = &outcomes[2] else { panic!("{outcomes:?}") };
    let places: Vec<_> = differences.iter().map(|Difference { place, .. }| place.as_str()).collect();
    assert!(places.contains(&"/nodes/n2"), "the node that is new: {differences:#?}");
    assert!(places.iter().all(|place| place.starts_with("/nodes/") || place.starts_with("/outputs/")), "{differences:#?}");
}

#[tokio::test]
async fn launch_plans_are_activated_on_request() {
    let registry = Registry::default();
    let (client, _home) = client(&registry).await;
    let outcomes = words(&client, &quadruples("app:1", "v1"), &RegisterOptions::default().activate_launch_plans(true)).await;
    assert_eq!(outcomes[2], of(EntityKind::LaunchPlan, "app.quadruple", Outcome::Activated));
    assert_eq!(registry.calls().last().unwrap(), "UpdateLaunchPlan");
}

#[tokio::test]
async fn each_entity_is_told_when_it_is_done_with() {
    let registry = Registry::default();
    let (client, _home) = client(&registry).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let names = told.clone();
    let options = RegisterOptions::default().progress(move |entity| names.lock().unwrap().push(entity.name.clone()));
    client.register(&quadruples("app:1", "v1").entities, &options).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["app.double", "app.quadruple", "app.quadruple"]);
}

#[tokio::test]
async fn what_has_no_version_is_not_sent() {
    let registry = Registry::default();
    let (client, _home) = client(&registry).await;
    let unplaced = compile(&Program::of([quadruple::graph().unwrap()]), &Options::new("app:1", "/app")).unwrap();
    let error = client.register(&unplaced.entities, &RegisterOptions::default()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ClientErrorKind::Settings, "`app.double` cannot be registered without a project")
    );
    assert!(registry.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entities_that_need_nothing_of_each_other_are_registered_at_once() {
    let registry = Registry::default();
    let (client, _home) = client(&registry).await;
    let mut entities = quadruples("app:1", "v1").entities;
    let task = entities[0].clone();
    for number in 0..500 {
        let mut task = task.clone();
        let nebulakit::backend::flyte::compile::Entity::Task { id, .. } = &mut task else { panic!("{task:?}") };
        id.name = format!("app.task{number}");
        entities.insert(0, task);
    }
    let registration = client.register(&entities, &RegisterOptions::default().concurrency(8)).await.unwrap();
    assert!(registration.is_success());
    assert_eq!(registration.entities.len(), 503);
    assert!((2..=8).contains(&registry.most_at_once()), "{}", registry.most_at_once());
}
