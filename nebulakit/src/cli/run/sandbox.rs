//! The folder of one run: copies of inputs, the files that the task made, its report and its checkpoint.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use nebulakit_types::visible;
use uuid::Uuid;

use crate::cli::complaint::Complaint;

/// Where the copies of inputs lie that can be read only once.
pub(super) const INPUTS: &str = "inputs";

/// Where the report lies.
pub(super) const OUTPUTS: &str = "outputs";

/// Where the files, directories and tables lie that the task made.
pub(super) const RAW: &str = "raw";

/// Where a run's checkpoints lie.
pub(super) const CHECKPOINT: &str = "checkpoint";

/// The folder of one run. It stays only if the run left something in it that is of use later.
#[derive(Debug, Clone)]
pub(super) struct Sandbox {
    folder: PathBuf,
    /// The same, as it stands in URLs.
    text: String,
}

impl Sandbox {
    /// A folder in `parent`, which is not made yet.
    pub(super) fn in_folder(parent: &Path) -> Result<Self, Complaint> {
        let folder = parent.join(format!("nebulakit-run-{}", Uuid::new_v4().simple()));
        let Some(text) = folder.to_str().map(str::to_owned) else {
            return Err(Complaint::failed(format!(
                "cannot use the folder `{}`, whose path is not UTF-8",
                visible::line(&parent.to_string_lossy())
            ))
            .hint("set FLYTE_SDK_LOCAL_SANDBOX to another folder"));
        };
        Ok(Self { folder, text })
    }

    pub(super) fn make(&self) -> Result<(), Complaint> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|error| Complaint::failed(format!("cannot make the folder `{}`: {error}", visible::line(&self.text))))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.text)
    }

    /// Whether a path is one of the data that the task made.
    pub(super) fn holds_data(&self, path: &str) -> bool {
        path.strip_prefix(&self.place(RAW)).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Removes all of it, before there is anything to keep.
    pub(super) fn remove(&self) {
        // What cannot be removed is in a folder for temporary files; so below.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Clears what the run does not need any more; the copies of inputs stay where `text`, what people are shown, names one of them.
    pub(super) fn clear(&self, text: &str) {
        let _ = fs::remove_dir_all(self.folder.join(CHECKPOINT));
        if !text.contains(&self.place(INPUTS)) {
            let _ = fs::remove_dir_all(self.folder.join(INPUTS));
        }
        let _ = fs::remove_dir(&self.folder);
    }

    /// The report, if there is one.
    pub(super) fn report(&self, name: &str) -> Option<PathBuf> {
        let report = self.folder.join(OUTPUTS).join(name);
        report.exists().then_some(report)
    }
}
