//! What cargo says of the program.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cli::complaint::Complaint;

/// What reads the time zones of a machine.
const READ_TIME_ZONES: [&str; 2] = ["jiff", "chrono-tz"];

/// The package of the program, as far as an image needs it.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) package: String,
    pub(super) bin: String,
    /// Where its Cargo.toml is.
    pub(super) folder: PathBuf,
    /// Where cargo puts what it builds.
    pub(super) target_folder: PathBuf,
    /// How its Cargo.toml names nebulakit.
    pub(super) nebulakit: Option<Dependency>,
    /// Whether it depends on something that reads the time zones of the machine.
    pub(super) reads_time_zones: bool,
    /// The features that are on by default.
    pub(super) default_features: Vec<String>,
}

/// A dependency on nebulakit.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) has_default_features: bool,
    pub(super) features: Vec<String>,
}

impl Project {
    /// The project in this folder that has the binary `bin`, else the one that runs.
    pub(super) fn find(bin: Option<&str>) -> Result<Self, Complaint> {
        let own = std::env::current_exe().ok().and_then(|path| Some(path.file_stem()?.to_str()?.to_owned()));
        let bin = bin.map(str::to_owned).or(own).unwrap_or_default();
        let output = Command::new("cargo").args(["metadata", "--format-version", "1", "--no-deps"]).output();
        let output = output.map_err(|error| Complaint::failed(format!("`cargo` cannot be started: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Complaint::failed(format!("cargo knows no project here: {said}")).hint("hint: run it in the folder of the project"));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Complaint::failed(format!("what cargo says is not understood: {error}")))?;
        Self::of(&metadata, &bin).ok_or_else(|| {
            Complaint::failed(format!("no package here has a binary `{bin}`"))
                .hint("hint: name it with `--bin`, in the folder of the project")
        })
    }

    fn of(metadata: &Value, bin: &str) -> Option<Self> {
        let packages = metadata["packages"].as_array()?;
        let has_bin = |package: &&Value| {
            let is_it = |target: &Value| target["name"] == bin && strings(&target["kind"]).iter().any(|kind| kind == "bin");
            package["targets"].as_array().is_some_and(|targets| targets.iter().any(is_it))
        };
        let package = packages.iter().find(has_bin)?;
        let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
        let dependencies = || dependencies.iter().filter(|dependency| dependency["kind"].is_null());
        let nebulakit = dependencies().find(|dependency| dependency["name"] == "nebulakit").map(|dependency| Dependency {
            name: dependency["rename"].as_str().unwrap_or("nebulakit").to_owned(),
            has_default_features: dependency["uses_default_features"].as_bool().unwrap_or(true),
            features: strings(&dependency["features"]),
        });
        Some(Self {
            package: package["name"].as_str()?.to_owned(),
            bin: bin.to_owned(),
            folder: Path::new(package["manifest_path"].as_str()?).parent()?.to_owned(),
            target_folder: metadata["target_directory"].as_str()?.into(),
            nebulakit,
            reads_time_zones: dependencies().any(|dependency| READ_TIME_ZONES.iter().any(|name| dependency["name"] == *name)),
            default_features: strings(&package["features"]["default"]),
        })
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
