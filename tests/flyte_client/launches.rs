//! Launches: which version, by which name, once whatever happens on the way, and what comes of it.

use std::fs;

use nebulakit::backend::RunError;
use nebulakit::backend::flyte::{ClientErrorKind, EntityKind, FlyteClient, LaunchOptions};
use nebulakit_types::literal::{Literal, LiteralValue, Primitive};
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{LiteralMap, ParameterMap, ResourceType, TypedInterface};
use prost::Message as _;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use crate::double::grpc::{ALREADY_EXISTS, UNAVAILABLE};
use crate::double::launches::Launches;
use crate::double::store::Store;

#[path = "launching/tasks.rs"]
#[allow(dead_code, reason = "not all of them are launched here")]
pub(crate) mod tasks;

async fn client(launches: &Launches) -> (FlyteClient, TempDir) {
    let (home, address) = (tempdir().unwrap(), launches.serve().await);
    let settings = json!({ "endpoint": address.to_string(), "insecure": true, "maxBackoffDelay": "1ms" });
    (crate::double::client(home.path(), &settings).with_project("p"), home)
}

fn plans(versions: &[&str]) -> Launches {
    let launches = Launches::default();
    launches.with(|state| {
        state.plans = versions.iter().map(|version| ("app.whole".to_owned(), (*version).to_owned(), ParameterMap::default())).collect();
    });
    launches
}

/// The only execution that was asked for: its name, and the version that it is of.
fn launched(launches: &Launches) -> (String, String) {
    launches.with(|state| {
        let all: Vec<_> = state.executions.iter().collect();
        let [(name, request)] = all.as_slice() else { panic!("{} executions", all.len()) };
        ((*name).clone(), request.spec.clone().unwrap().launch_plan.unwrap().version)
    })
}

async fn launch(client: &FlyteClient, options: &LaunchOptions) -> Result<String, nebulakit::backend::flyte::ClientError> {
    Ok(client.launch(EntityKind::Workflow, "app.whole", &[], options).await?.id().name.clone())
}

#[tokio::test]
async fn the_version_is_the_one_given_or_the_active_or_the_newest() {
    let launches = plans(&["v1", "v2", "v3"]);
    let (client, _home) = client(&launches).await;
    let version = async |options: &LaunchOptions| {
        launches.with(|state| state.executions.clear());
        let name = launch(&client, options).await.unwrap();
        let (known, version) = launched(&launches);
        assert!(name == known && name.len() == 20 && name.starts_with('a'), "{name}");
        version
    };
    assert_eq!(version(&LaunchOptions::new()).await, "v3");
    launches.with(|state| state.active = [("app.whole".to_owned(), "v2".to_owned())].into());
    assert_eq!(version(&LaunchOptions::new()).await, "v2");
    assert_eq!(version(&LaunchOptions::new().version("v1")).await, "v1");
    let error = launch(&client, &LaunchOptions::new().version("v9")).await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::NotFound);
    let expected = "no workflow `app.whole` is registered in p/development in version `v9`, at `";
    assert!(error.to_string().starts_with(expected), "{error}");
    let error = client.launch(EntityKind::Task, "app.none", &[], &LaunchOptions::new()).await.unwrap_err();
    assert!(error.to_string().starts_with("no task `app.none` is registered in p/development, at `"), "{error}");
}

#[tokio::test]
async fn options_are_sent_and_wrong_ones_are_not() {
    let launches = plans(&["v1"]);
    let (client, _home) = client(&launches).await;
    let options = LaunchOptions::new()
        .name("Nightly-7")
        .label("team", "ml")
        .annotation("example.com/note", "of many words, too")
        .service_account("spark")
        .interruptible(false)
        .overwrite_cache(true)
        .max_parallelism(3)
        .env("MODE", "fast")
        .raw_output_prefix("s3://bucket/raw")
        .cluster_pool("gpu")
        .disable_notifications(true);
    assert_eq!(launch(&client, &options).await.unwrap(), "nightly-7");
    let spec = launches.with(|state| state.executions["nightly-7"].spec.clone().unwrap());
    assert_eq!(spec.labels.unwrap().values, [("team".to_owned(), "ml".to_owned())].into());
    assert_eq!(spec.annotations.unwrap().values.len(), 1);
    assert_eq!(spec.security_context.unwrap().run_as.unwrap().k8s_service_account, "spark");
    assert!(!spec.interruptible.unwrap().value && spec.overwrite_cache && spec.max_parallelism == 3);
    assert_eq!(spec.envs.unwrap().values[0].value, "fast");
    assert_eq!(spec.raw_output_data_config.unwrap().output_location_prefix, "s3://bucket/raw");
    assert_eq!(spec.cluster_assignment.unwrap().cluster_pool_name, "gpu");
    assert_eq!(spec.launch_plan.unwrap().resource_type(), ResourceType::LaunchPlan);
    let wrong = LaunchOptions::new().name("7 days").label("", "a b").env("7", "").max_parallelism(0).raw_output_prefix("/tmp");
    let wrong = (0..17).fold(wrong, |options, at| options.label(format!("l{at}"), "x"));
    let error = launch(&client, &wrong).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().lines().count()), (ClientErrorKind::Settings, 7), "{error}");
    assert_eq!(launches.with(|state| state.executions.len()), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_starts_no_second_execution() {
    let launches = plans(&["v1"]);
    let (client, _home) = client(&launches).await;
    let lost = || vec![(true, UNAVAILABLE, "gone".to_owned())];
    launches.with(|state| state.answers = lost());
    let name = launch(&client, &LaunchOptions::new()).await.unwrap();
    assert_eq!(launched(&launches).0, name);
    launches.with(|state| (state.executions.clear(), state.answers = lost()).1);
    assert_eq!(launch(&client, &LaunchOptions::new().name("mine")).await.unwrap(), "mine");
    assert_eq!(launched(&launches).0, "mine");
}

#[tokio::test]
async fn what_exists_is_told_apart() {
    let launches = plans(&["v1"]);
    let (client, _home) = client(&launches).await;
    launch(&client, &LaunchOptions::new().name("mine")).await.unwrap();
    let error = launch(&client, &LaunchOptions::new().name("mine")).await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::AlreadyExists);
    assert_eq!(error.to_string(), "an execution `mine` exists in p/development already\nhint: launch it under another name, or under none");
    let limit = "concurrency limit (1) reached for launch plan app.whole; skipping execution";
    launches.with(|state| state.answers = vec![(false, ALREADY_EXISTS, limit.to_owned())]);
    let error = launch(&client, &LaunchOptions::new()).await.unwrap_err();
    assert!(error.kind() == ClientErrorKind::AlreadyExists && error.to_string().contains(limit), "{error}");
    // Two first launches of one task meet in what the platform makes for it.
    let made = "value with matching already exists (duplicate key value violates unique constraint \"launch_plans_pkey\")";
    launches.with(|state| state.answers = vec![(false, ALREADY_EXISTS, made.to_owned()); 2]);
    launch(&client, &LaunchOptions::new()).await.unwrap();
    assert_eq!(launches.with(|state| state.executions.len()), 2);
}

#[tokio::test]
async fn inputs_that_are_too_large_are_told_by_their_names() {
    let launches = plans(&["v1"]);
    let (client, _home) = client(&launches).await;
    let text = |length: usize| Literal::from(Primitive::String("x".repeat(length)));
    let inputs = Literal::encode_map(&[("small".to_owned(), text(10)), ("large".to_owned(), text(3 << 20))].into());
    let error = client.launch(EntityKind::Workflow, "app.whole", &inputs, &LaunchOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Settings);
    assert!(error.to_string().contains("of which `large` has 31457"), "{error}");
    assert_eq!(launches.with(|state| state.executions.len()), 0);
}

#[tokio::test]
async fn a_task_is_launched_with_its_defaults_and_gives_a_value() {
    let launches = Launches::default();
    let outputs = Literal::encode_map(&[("o0".to_owned(), Literal::from(Primitive::Float(3.5)))].into());
    launches.with(|state| {
        state.tasks = vec![("launching.divider".to_owned(), "v1".to_owned(), TypedInterface::default())];
        state.phases = vec![Phase::Undefined, Phase::Running, Phase::Succeeding, Phase::Succeeded];
        state.outputs = LiteralMap::decode(outputs.as_slice()).unwrap();
    });
    let (client, _home) = client(&launches).await;
    let launched = tasks::divider::with(7.0, nebulakit::prelude::Default).launch(&client).await.unwrap();
    assert_eq!(launched.wait().await.unwrap(), 3.5);
    let request = launches.with(|state| state.executions[&launched.execution().id().name].clone());
    assert_eq!(request.spec.unwrap().launch_plan.unwrap().resource_type(), ResourceType::Task);
    let inputs = Literal::decode_map(&request.inputs.unwrap().encode_to_vec()).unwrap();
    assert_eq!(inputs["a"].value, LiteralValue::Primitive(Primitive::Float(7.0)));
    assert_eq!(inputs["b"].value, LiteralValue::Primitive(Primitive::Float(2.0)));
}

#[tokio::test]
async fn files_are_uploaded_before_a_launch_also_those_in_memory() {
    let (launches, store) = (Launches::default(), Store::serve("s3").await);
    let definition = tasks::lines::with(nebulakit::File::from_uri("s3://b/x"));
    let interface = definition.definition().interface().to_wire();
    launches.with(|state| {
        state.tasks = vec![("launching.lines".to_owned(), "v1".to_owned(), interface)];
        state.store = Some(store.clone());
    });
    let (client, home) = client(&launches).await;
    let path = home.path().join("on-disk.txt");
    fs::write(&path, "1\n2\n").unwrap();
    for (file, bytes) in
        [(nebulakit::File::from_path(&path), b"1\n2\n".as_slice()), (nebulakit::File::from_bytes("made.txt", "3\n"), b"3\n")]
    {
        let launched = tasks::lines::with(file).launch(&client).await.unwrap();
        let request = launches.with(|state| state.executions[&launched.execution().id().name].clone());
        let inputs = Literal::decode_map(&request.inputs.unwrap().encode_to_vec()).unwrap();
        let LiteralValue::Blob { uri, .. } = &inputs["file"].value else { panic!("{inputs:?}") };
        assert_eq!(store.object(uri).unwrap(), bytes);
    }
}

#[tokio::test]
async fn an_execution_that_is_terminated_was_cancelled() {
    let launches = Launches::default();
    launches.with(|state| {
        state.tasks = vec![("launching.double".to_owned(), "v1".to_owned(), TypedInterface::default())];
        state.phases = vec![Phase::Running, Phase::Aborted];
    });
    let (client, _home) = client(&launches).await;
    let launched = tasks::double::with(7).launch(&client).await.unwrap();
    assert!(matches!(launched.wait().await, Err(RunError::Cancelled)));
}
