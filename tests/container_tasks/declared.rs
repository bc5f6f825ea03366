//! What `#[task(container(..))]` makes: the registration, the verbs, and where the program does not run.

use nebulakit::coordinator::{Coordinator, Strategy, SubmitError, WorkKind};
use nebulakit::options::DataFormat;
use nebulakit::prelude::*;
use nebulakit::testing;
use nebulakit::types::json::{Message, to_json};
use nebulakit_tests::Launch;
use prost::Message as _;
use serde_json::json;

/// As in the golden registration of flytekit, whose arguments stand in a list of their own.
#[task(
    name = "ellipse_area",
    outputs(area, meta),
    requests(cpu = 1, memory = "100Mi"),
    env(E = 1),
    container(
        image = "ghcr.io/nebula/raw:v1",
        command = ["/bin/calc", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs", "--infile", "/var/inputs/f"],
        format = proto
    )
)]
fn as_golden(a: f64, b: f64, f: File) -> (f64, String);

/// The area of an ellipse.
#[task(container(image = "ghcr.io/me/ellipse:1", command = ["/bin/area", "{{.inputs.a}}", "{{ $Inputs.b }}", "/var/outputs"], network = true))]
fn ellipse_area(a: f64, #[default(1.0)] b: f64) -> anyhow::Result<f64>;

/// With a body for tests.
#[task(container(image = "sky:1", command = ["/bin/double", "{{.inputs.x}}"], input_path = "/in", output_path = "/out", format = yaml))]
async fn double(x: i64) -> i64 {
    x * 2
}

#[task]
async fn quadruple(ctx: Context, x: i64) -> anyhow::Result<i64> {
    Ok(double::call(&ctx, double::call(&ctx, x).await?).await?)
}

/// A task of the registry, whose container has a network.
#[task(container(network = true))]
fn download(url: String) -> String {
    url
}

#[test]
fn it_is_registered_as_flytekit_registers_one() {
    let template = to_json(Message::TaskTemplate, &as_golden::def().template("/app").encode_to_vec()).unwrap();
    let amount = |name: &str, value: &str| json!({"name": name, "value": value});
    assert_eq!(template["type"], "raw-container");
    let container = json!({
        "image": "ghcr.io/nebula/raw:v1",
        "command": ["/bin/calc", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs", "--infile", "/var/inputs/f"],
        "resources": {"requests": [amount("CPU", "1"), amount("MEMORY", "100Mi")]},
        "env": [{"key": "E", "value": "1"}],
        "dataConfig": {"enabled": true, "inputPath": "/var/inputs", "outputPath": "/var/outputs", "format": "PROTO"},
    });
    assert_eq!(template["container"], container);
    assert_eq!(template["interface"]["outputs"]["variables"]["area"]["type"], json!({"simple": "FLOAT"}));
    // JSON is the format that stands for itself.
    let template = to_json(Message::TaskTemplate, &ellipse_area::def().template("/app").encode_to_vec()).unwrap();
    let data = json!({"enabled": true, "inputPath": "/var/inputs", "outputPath": "/var/outputs"});
    assert_eq!(template["container"]["dataConfig"], data);
}

#[test]
fn what_it_is_can_be_asked() {
    let spec = ellipse_area::def().container().unwrap();
    assert_eq!((spec.image, spec.command[0], spec.format), ("ghcr.io/me/ellipse:1", "/bin/area", DataFormat::Json));
    assert!(ellipse_area::def().options().network);
    let spec = double::def().container().unwrap();
    assert_eq!((spec.input_path, spec.output_path, spec.format), ("/in", "/out", DataFormat::Yaml));
    assert!(!double::def().options().network && double::def().is_async());
    assert!(download::def().container().is_none() && download::def().options().network);
}

#[tokio::test]
async fn a_body_stands_in_for_the_program_in_tests() {
    assert_eq!(double(4).await, 8);
    assert_eq!(testing::run(double::with(4)).await.unwrap(), 8);
    assert_eq!(testing::run(quadruple::with(4)).await.unwrap(), 16);
    let error = testing::run(ellipse_area::with(1.0, Default)).await.unwrap_err().to_string();
    assert!(error.contains("is a program in the image `ghcr.io/me/ellipse:1`, not a function of this binary"), "{error}");
    assert!(error.contains("hint: `run` and `Strategy::Container` start the image; a body of the task would stand in"), "{error}");
}

#[tokio::test]
async fn only_containers_run_it() {
    let coordinator = Coordinator::new();
    for strategy in [Strategy::Async, Strategy::Thread, Strategy::Process] {
        let error = coordinator.submit(double::with(4), strategy.clone()).await.unwrap_err();
        assert!(matches!(&error, SubmitError::WrongKind { kind: WorkKind::Container, .. }), "{error:?}");
        let expected = format!("the strategy `{strategy}` cannot run a container\nhint: submit it for `Strategy::Container`");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_platform_starts_the_image_itself() {
    for task in ["ellipse", "with_a_body"] {
        let ended = Launch::new(env!("CARGO_BIN_EXE_fixture"), &format!("fixture.containers.{task}")).run();
        let error = ended.error();
        assert!(error.message.contains("not a function of this binary: a platform starts its image itself"), "{}", error.message);
        assert_eq!(ended.code(), Some(0));
    }
}
