//! The secrets of a container task, handed over as a platform hands them over: as files below one folder, or as variables.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::coordinator::error::JobError;
use crate::coordinator::strategy::containers::asked::Mount as Shown;
use crate::coordinator::strategy::containers::ends::refused;
use crate::coordinator::strategy::containers::folder::Folder;
use crate::coordinator::strategy::containers::work::Container;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::options::Mount;

/// Where a platform puts secrets that are files.
const FOLDER: &str = "/etc/flyte/secrets";

/// What the names of variables begin with that are secrets.
const PREFIX: &str = "_FSEC_";

/// `container` with the secrets that `task` asks for.
///
/// # Errors
/// When one cannot be had.
pub(super) fn handed_over(task: &TaskDef, context: &Context, folder: &Folder, mut container: Container) -> Result<Container, JobError> {
    let files = folder.path().join("secrets");
    for asked in task.options.secrets {
        let secret = context.secrets().get_bytes(asked.group, asked.version, asked.key).map_err(|error| refused(&error.to_string()))?;
        let value = OsString::from_vec(secret.expose().to_vec());
        let (group, key) = (asked.group.to_lowercase(), asked.key.to_lowercase());
        if asked.mount == Mount::EnvVar {
            container = container.variable_with(format!("{PREFIX}{group}_{key}").to_uppercase(), value.clone());
            if !asked.env_var.is_empty() {
                container = container.variable_with(asked.env_var, value);
            }
            continue;
        }
        if [&group, &key].iter().any(|name| name.contains('/') || matches!(name.as_str(), "." | "..")) {
            return Err(refused(&format!(
                "the secret `{group}/{key}` cannot be a file: its names are not names of files\nhint: ask for it with `mount = env`"
            )));
        }
        keep(&files, &group, &key, secret.expose())
            .map_err(|error| refused(&format!("cannot hand over the secret `{group}/{key}`: {error}")))?;
        if !asked.env_var.is_empty() {
            container = container.variable_with(asked.env_var, format!("{FOLDER}/{group}/{key}"));
        }
    }
    if files.exists() {
        container = container.mount(Shown::read_only(&files).at(FOLDER));
    }
    Ok(container)
}

/// Writes one. Nobody else gets as far as the folder that it is in; in the container another user may have to read it.
fn keep(files: &Path, group: &str, key: &str, value: &[u8]) -> io::Result<()> {
    let folder = files.join(group);
    DirBuilder::new().recursive(true).mode(0o755).create(&folder)?;
    fs::write(folder.join(key), value)
}
