//! Whole processes: `execute` of a trivial task against a bare program and, if there is one, flytekit.
//!
//! `cargo bench -p nebulakit-benches --bench start`. With `FLYTEKIT_PYTHON` naming a Python that has flytekit, `pyflyte-execute` takes
//! part. With the feature `s3` and `NEBULAKIT_BENCH_S3` naming a bucket's prefix (`s3://bucket/prefix`), S3 is measured too; both sides
//! are reached by the AWS variables.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark prints, and is steered by variables")]

use std::path::{Path, PathBuf};
use std::process::Command;

use nebulakit_benches::{Side, compare, peak_of_children_mib, run};
use nebulakit_types::{Dialect, encode};

const TRIVIAL: &str = env!("CARGO_BIN_EXE_trivial");
const BARE: &str = env!("CARGO_BIN_EXE_bare");

fn ours(inputs: &str, outputs: &str) -> Command {
    let mut command = Command::new(TRIVIAL);
    command.args(["execute", "--task-name", "add", "--inputs", inputs, "--output-prefix", outputs]);
    command
}

fn bare(inputs: &str, outputs: &str) -> Command {
    let mut command = Command::new(BARE);
    command.args([inputs, outputs]);
    command
}

/// The inputs `a = 2, b = 3` as the bytes of a literal map.
fn inputs() -> Vec<u8> {
    let mut map = Vec::new();
    for (name, value) in [("a", 2_i64), ("b", 3)] {
        let literal = encode(&value, &Dialect::FLYTE_1).unwrap();
        let size = |bytes: usize| u8::try_from(bytes).unwrap();
        map.extend([0x0a, size(name.len() + literal.len() + 4), 0x0a, size(name.len())]);
        map.extend(name.as_bytes());
        map.extend([0x12, size(literal.len())]);
        map.extend(literal);
    }
    map
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("inputs.pb"), inputs()).unwrap();
    // The first children of this process, so that the peak is theirs.
    for _ in 0..5 {
        run(&mut ours(&at("inputs.pb"), &at("ours")));
    }
    println!("peak resident memory of `execute`: {:.1} MiB", peak_of_children_mib());
    run(&mut bare(&at("inputs.pb"), &at("bare")));
    assert_eq!(std::fs::read(at("ours/outputs.pb")).unwrap(), std::fs::read(at("bare/outputs.pb")).unwrap());

    let mut sides = vec![
        Side { name: "nebulakit execute", command: Box::new(|| ours(&at("inputs.pb"), &at("ours"))) },
        Side { name: "bare program", command: Box::new(|| bare(&at("inputs.pb"), &at("bare"))) },
    ];
    compare("execute, local paths", 300, &sides);
    let supervised = || {
        let mut command = ours(&at("inputs.pb"), &at("ours"));
        command.arg("--supervise");
        command
    };
    let twice = || {
        let mut command = Command::new(BARE);
        command.args(["again", &at("inputs.pb"), &at("bare")]);
        command
    };
    let of_one = [
        Side { name: "nebulakit execute --supervise", command: Box::new(supervised) },
        Side { name: "nebulakit execute", command: Box::new(|| ours(&at("inputs.pb"), &at("ours"))) },
        Side { name: "bare program, by itself", command: Box::new(twice) },
    ];
    compare("execute --supervise, local paths", 300, &of_one);
    let of_floor = [
        Side { name: "bare program, by itself", command: Box::new(twice) },
        Side { name: "bare program", command: Box::new(|| bare(&at("inputs.pb"), &at("bare"))) },
    ];
    compare("the floor: a program that starts itself", 300, &of_floor);
    if let Some(python) = std::env::var_os("FLYTEKIT_PYTHON").map(PathBuf::from) {
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let (inputs, outputs, raw) = (at("inputs.pb"), at("python"), at("raw"));
        let command = move || {
            let mut command = Command::new(python.with_file_name("pyflyte-execute"));
            command.current_dir(&module).args(["--inputs", &inputs, "--output-prefix", &outputs, "--raw-output-data-prefix", &raw]);
            command.args(["--resolver", "flytekit.core.python_auto_container.default_task_resolver"]);
            command.args(["--", "task-module", "trivial", "task-name", "add"]);
            command.env("PYTHONPATH", &module);
            command
        };
        sides.push(Side { name: "pyflyte-execute", command: Box::new(command) });
        compare("execute, with flytekit in the same run", 30, &sides);
    }
    #[cfg(feature = "s3")]
    over_s3();
}

#[cfg(feature = "s3")]
fn over_s3() {
    use nebulakit_types::storage::{PutOptions, S3Config, Storage, StorageConfig};
    let server = |name: &str| std::env::var(format!("NEBULAKIT_TEST_S3_{name}")).expect("run this under tests/servers/with-servers.sh");
    let (endpoint, key, secret) = (server("ENDPOINT"), server("ACCESS_KEY_ID"), server("SECRET_ACCESS_KEY"));
    let url = |name: &str| format!("{}/start/{name}", server("PREFIX"));
    let s3 = S3Config {
        endpoint: Some(endpoint.clone()),
        access_key_id: Some(key.clone()),
        secret_access_key: Some(secret.as_str().into()),
        ..S3Config::default()
    };
    let storage = Storage::new(StorageConfig { s3, ..StorageConfig::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(storage.put(&url("inputs.pb"), vec![inputs().into()], &PutOptions::default())).unwrap();
    let with_keys = |mut command: Command| {
        command.env("AWS_ENDPOINT_URL", &endpoint).env("AWS_ENDPOINT", &endpoint).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", &key).env("AWS_SECRET_ACCESS_KEY", &secret);
        command
    };
    let sides = [
        Side { name: "nebulakit execute, S3", command: Box::new(|| with_keys(ours(&url("inputs.pb"), &url("ours")))) },
        Side { name: "bare object_store program", command: Box::new(|| with_keys(bare(&url("inputs.pb"), &url("bare")))) },
    ];
    compare("execute, S3 on loopback", 30, &sides);
}
