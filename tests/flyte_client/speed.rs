//! How fast a thousand entities are registered.

use std::time::Instant;

use nebulakit::backend::flyte::RegisterOptions;
use nebulakit::backend::flyte::compile::{Entity, Options, Program, compile};
use nebulakit::prelude::*;
use serde_json::json;
use tempfile::tempdir;

use crate::double::registry::Registry;

/// Joins a text and a number.
#[task(name = "speed.join", retries = 1, timeout = "5m")]
fn join(text: String, number: i64) -> String {
    format!("{text}{number}")
}

/// 32 calls are made at once. This may be a debug build on a busy machine, beside its own control plane, so the limit is a loose one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_entities_are_registered_in_seconds() {
    let (registry, home) = (Registry::default(), tempdir().unwrap());
    let client = crate::double::client(home.path(), &json!({ "endpoint": registry.serve().await.to_string(), "insecure": true }));
    let options = Options::new("app:1", "/app").target("flytesnacks", "development", "v1");
    let compiled = compile(&Program::default().with_task(join::def()), &options).unwrap();
    let [Entity::Task { id, spec, is_generated }] = compiled.entities.as_slice() else { panic!("one task is one entity") };
    let entity = |index: usize| {
        let (mut id, mut spec) = (id.clone(), spec.clone());
        id.name = format!("speed.join{index}");
        spec.template.as_mut().unwrap().id = Some(id.clone());
        Entity::Task { id, spec, is_generated: *is_generated }
    };
    let entities: Vec<_> = (0..1_000).map(entity).collect();
    let begin = Instant::now();
    assert!(client.register(&entities, &RegisterOptions::default()).await.unwrap().is_success());
    let took = begin.elapsed();
    println!("1,000 entities in {took:.1?}");
    assert!(took.as_secs() < 60, "{took:?}");
}
