//! Fixed inputs and defaults that are files of the machine that registers them.

use std::path::Path;
use std::process::{Command, Output};

use nebulakit_types::wire::flyteidl::admin::{LaunchPlan, ObjectGetRequest};
use nebulakit_types::wire::flyteidl::core::{Identifier, ResourceType};
use nebulakit_types::wire::flyteidl::service::CreateUploadLocationRequest;
use prost::Message as _;
use serde_json::json;
use tempfile::tempdir;

use crate::double::grpc;
use crate::double::registry::Registry;
use crate::double::store::Store;

async fn app(home: &Path, settings: serde_json::Value, words: &str) -> Output {
    let file = home.join("config.yaml");
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_constants"));
    command.args(words.split_whitespace()).current_dir(home).env_clear().env("HOME", home).env("FLYTECTL_CONFIG", file);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A control plane that registers, and signs addresses of the store.
async fn serve(registry: &Registry, store: &Store) -> serde_json::Value {
    let (registry, store) = (registry.clone(), store.clone());
    let address = grpc::serve(move |call| {
        let answer = match call.method.as_str() {
            "CreateUploadLocation" => Ok(store.sign(&CreateUploadLocationRequest::decode(call.message).unwrap()).encode_to_vec()),
            method => registry.answer(method, call.message.to_vec()),
        };
        async move { answer }
    })
    .await;
    json!({
        "admin": { "endpoint": address.to_string(), "insecure": true, "maxBackoffDelay": "1ms" },
        "task": { "project": "flytesnacks" },
        "images": { "default": "app:1" },
    })
}

#[tokio::test]
async fn files_of_this_machine_are_uploaded_and_no_path_is_registered() {
    let (registry, store, home) = (Registry::default(), Store::serve("s3").await, tempdir().unwrap());
    let settings = serve(&registry, &store).await;
    for (name, contents) in [("limits.csv", "1"), ("default.csv", "2")] {
        std::fs::write(home.path().join(name), contents).unwrap();
    }
    let dry = app(home.path(), settings.clone(), "register --dry-run").await;
    let told = text(&dry.stderr);
    assert!(told.contains("limits.csv` would be uploaded: the input `table` of `n0` in `app.nightly`"), "{told}");
    assert!(told.contains("default.csv` would be uploaded: the default of `other` of the task `app.count`"), "{told}");
    assert_eq!(store.requests(), 0);

    let first = app(home.path(), settings.clone(), "register").await;
    assert!(first.status.success(), "{}", text(&first.stderr));
    let version = |output: &Output| text(&output.stdout).split_whitespace().last().unwrap().to_owned();
    assert_eq!(version(&first), version(&dry));
    let again = app(home.path(), settings.clone(), "register").await;
    assert_eq!(text(&again.stdout), text(&first.stdout).replace("created", "unchanged"));

    let id = Identifier {
        resource_type: ResourceType::LaunchPlan.into(),
        project: "flytesnacks".into(),
        domain: "development".into(),
        name: "app.nightly".into(),
        version: version(&first),
        ..Identifier::default()
    };
    let plan = registry.answer("GetLaunchPlan", ObjectGetRequest { id: Some(id) }.encode_to_vec()).unwrap();
    let plan = format!("{:?}", LaunchPlan::decode(&*plan).unwrap());
    assert!(plan.contains("s3://bucket/flytesnacks/development/") && !plan.contains(home.path().to_str().unwrap()), "{plan}");

    // Other contents are another version.
    std::fs::write(home.path().join("limits.csv"), "3").unwrap();
    let other = app(home.path(), settings, "register").await;
    assert!(text(&other.stdout).contains("created") && version(&other) != version(&first));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_by_what_names_it_and_what_to_write_instead() {
    let (registry, store, home) = (Registry::default(), Store::serve("s3").await, tempdir().unwrap());
    let settings = serve(&registry, &store).await;
    std::fs::write(home.path().join("limits.csv"), "1").unwrap();
    for words in ["register", "register --dry-run"] {
        let refused = app(home.path(), settings.clone(), words).await;
        let told = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{told}");
        assert!(told.contains("the default of `other` of the task `app.count` is the file `"), "{told}");
        assert!(told.contains("default.csv`, which is not on this machine"), "{told}");
        assert!(told.contains("take its path as a `String`"), "{told}");
        assert!(!told.contains("limits.csv"), "{told}");
    }
    assert_eq!(store.requests(), 0);
    assert!(registry.calls().is_empty());
}

#[tokio::test]
async fn a_package_cannot_hold_files() {
    let home = tempdir().unwrap();
    let output = app(home.path(), json!({}), "package --image app:1").await;
    let said = text(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("the input `table` of `n0` in `app.nightly` is `") && said.contains("limits.csv`, a file of this machine"),
        "{said}"
    );
    assert!(said.contains("`register` uploads it"), "{said}");
}
