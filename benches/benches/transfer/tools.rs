//! The commands of the tools that take part, each told in its own words to move one thing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One thing to be moved.
#[derive(Clone, Copy)]
pub(crate) struct Move<'a> {
    pub(crate) is_upload: bool,
    /// A directory instead of a file.
    pub(crate) is_tree: bool,
    pub(crate) path: &'a Path,
    pub(crate) key: &'a str,
}

impl Move<'_> {
    fn action(&self) -> String {
        format!("{}{}", if self.is_upload { "up" } else { "down" }, if self.is_tree { "-tree" } else { "" })
    }

    fn url(&self) -> String {
        format!("s3://nebulakit/{}", self.key)
    }

    /// Adds both ends, in the order of the way.
    fn ends(&self, command: &mut Command, remote: impl AsRef<std::ffi::OsStr>) {
        match self.is_upload {
            true => command.arg(self.path).arg(remote),
            false => command.arg(remote).arg(self.path),
        };
    }
}

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) command: Box<dyn Fn(&Move<'_>) -> Command>,
}

impl Tool {
    fn new(name: &'static str, command: impl Fn(&Move<'_>) -> Command + 'static) -> Self {
        Self { name, command: Box::new(command) }
    }
}

/// The script of a Python side.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name)
}

/// All that variables name, ours first. `folder` is for what they want to be configured by.
pub(crate) fn all(folder: &Path) -> Vec<Tool> {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let mut tools = vec![Tool::new("nebulakit", |what| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_transfer"));
        command.arg(what.action()).arg(what.path).arg(what.url());
        command
    })];
    if let Some(aws) = variable("NEBULAKIT_BENCH_AWS") {
        let config = folder.join("aws-config");
        let crt = "[default]\ns3 =\n  preferred_transfer_client = crt\n  addressing_style = path\n";
        std::fs::write(&config, crt).unwrap();
        let url = endpoint.clone();
        tools.push(Tool::new("aws-cli", move |what| {
            let mut command = Command::new(&aws);
            command.args(["s3", "cp", "--only-show-errors", "--endpoint-url", &url]).args(what.is_tree.then_some("--recursive"));
            what.ends(&mut command, what.url());
            command.env("AWS_CONFIG_FILE", &config);
            command
        }));
    }
    if let Some(rclone) = variable("NEBULAKIT_BENCH_RCLONE") {
        let endpoint = endpoint.clone();
        tools.push(Tool::new("rclone", move |what| {
            let mut command = Command::new(&rclone);
            command.arg(if what.is_tree { "copy" } else { "copyto" });
            what.ends(&mut command, format!("bench:nebulakit/{}", what.key));
            command.args(["--transfers", "64", "--checkers", "64", "--ignore-times", "--s3-no-check-bucket"]);
            command.args(["--s3-chunk-size", "8M", "--s3-upload-concurrency", "8", "--multi-thread-streams", "8"]);
            command.envs([("RCLONE_CONFIG_BENCH_TYPE", "s3"), ("RCLONE_CONFIG_BENCH_PROVIDER", "Other")]);
            command.envs([("RCLONE_CONFIG_BENCH_ENV_AUTH", "true"), ("RCLONE_CONFIG_BENCH_REGION", "us-east-1")]);
            command.env("RCLONE_CONFIG_BENCH_ENDPOINT", &endpoint).env("RCLONE_CONFIG", "/dev/null");
            command
        }));
    }
    if let Some(s5cmd) = variable("NEBULAKIT_BENCH_S5CMD") {
        let endpoint = endpoint.clone();
        tools.push(Tool::new("s5cmd", move |what| {
            let mut command = Command::new(&s5cmd);
            command.args(["--log", "error", "cp", "--concurrency", "8", "--part-size", "8"]);
            let (local, url) = (what.path.to_str().unwrap(), what.url());
            match (what.is_upload, what.is_tree) {
                (true, false) => command.args([local, &url]),
                (false, false) => command.args([&*url, local]),
                (true, true) => command.args([format!("{local}/"), format!("{url}/")]),
                (false, true) => command.args([format!("{url}/*"), format!("{local}/")]),
            };
            command.env("S3_ENDPOINT_URL", &endpoint);
            command
        }));
    }
    if let Some(python) = variable("NEBULAKIT_BENCH_PYTHON") {
        tools.push(Tool::new("obstore", move |what| {
            let mut command = Command::new(&python);
            command.arg(script("transfer.py")).arg(what.action()).arg(what.path).arg(what.key);
            command
        }));
    }
    if let Some(python) = variable("FLYTEKIT_PYTHON") {
        tools.push(Tool::new("flytekit", move |what| {
            let mut command = Command::new(&python);
            command.arg(script("flytekit_transfer.py")).arg(what.action()).arg(what.path).arg(what.url());
            command.env("FLYTE_AWS_ENDPOINT", &endpoint);
            command
        }));
    }
    tools
}
