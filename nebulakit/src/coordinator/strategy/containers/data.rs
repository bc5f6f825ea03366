//! What of this machine a task in a container sees: its inputs, and where its data goes.

use std::path::{Path, PathBuf};

use nebulakit_types::convert::places::{Place, places};

use crate::coordinator::strategy::containers::asked::Mount;

/// How many files and folders of inputs are mounted one by one: each takes an argument and some time.
const MOST: usize = 500;

/// What keeps a task from its data without a network.
const HINT: &str =
    "hint: give it one by `network = true` in `container(..)`, `.network(true)` on work or on the strategy, or `--container-network`";

/// What is mounted for a task.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Data {
    pub(super) mounts: Vec<Mount>,
    /// The folder that the task begins in, where paths of its inputs are relative to it.
    pub(super) folder: Option<PathBuf>,
    /// Where its data goes, as a path from the top.
    pub(super) raw_output_prefix: String,
}

/// What is mounted for a task with those `inputs`, whose data goes to `prefix`. What `mounted` has already is not mounted again.
///
/// # Errors
/// When it has data that it could not reach: why, for people.
pub(super) fn of_task(name: &str, inputs: &[u8], prefix: &str, mounted: &[Mount], network: bool) -> Result<Data, String> {
    let mut data = Data { raw_output_prefix: prefix.to_owned(), ..Data::default() };
    match Place::of(prefix) {
        None => {}
        Some(Place::Here(path)) => {
            let path = absolute(&path)?;
            std::fs::create_dir_all(&path)
                .map_err(|error| format!("the folder `{}` for its data cannot be made: {error}", path.display()))?;
            // A URL that is one of a file stays as it is.
            if !prefix.contains("://") {
                let text = path.to_str().ok_or_else(|| format!("the folder `{}` for its data is not UTF-8", path.display()))?;
                text.clone_into(&mut data.raw_output_prefix);
            }
            data.mounts.push(Mount::read_write(path));
        }
        Some(Place::Elsewhere(_)) if network => {}
        Some(Place::Elsewhere(url)) => {
            return Err(format!("the task `{name}` stores its data at `{}`, and its container has no network\n{HINT}", shown(&url)));
        }
    }
    let places = places(inputs).map_err(|error| error.to_string())?;
    let mut here = Vec::new();
    for place in places {
        match place {
            Place::Here(path) => {
                if path.is_relative() && data.folder.is_none() {
                    data.folder = Some(absolute(Path::new("."))?);
                }
                here.push(absolute(&path)?);
            }
            Place::Elsewhere(_) if network => {}
            Place::Elsewhere(url) => {
                return Err(format!("the task `{name}` reads `{}`, and its container has no network\n{HINT}", shown(&url)));
            }
        }
    }
    // What is in a folder that is seen already is seen with it.
    here.sort();
    let mut seen: Vec<PathBuf> = mounted.iter().filter(|mount| mount.source == mount.target).map(|mount| mount.source.clone()).collect();
    let count = here.len();
    for path in here {
        if seen.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        data.mounts.push(Mount::read_only(&path));
        seen.push(path);
        if data.mounts.len() > MOST {
            return Err(format!(
                "the task `{name}` has {count} files and folders as inputs, and more than {MOST} are not mounted one by one\nhint: mount a folder that they are in by \
                 `ContainerStrategy::mount`"
            ));
        }
    }
    Ok(data)
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    let absolute = std::path::absolute(path).map_err(|error| format!("`{}` has no path from the top: {error}", path.display()))?;
    // `.` in the middle is gone by now.
    Ok(absolute.components().collect())
}

/// Without what may be a secret: a signature in a query, a password before a host.
fn shown(url: &str) -> String {
    nebulakit_types::storage::shown(url).to_string()
}

#[cfg(test)]
mod tests {
    use nebulakit_types::convert::writer::map_of_literals;
    use nebulakit_types::{Dialect, File, encode};

    use super::*;

    fn inputs(urls: &[&str]) -> Vec<u8> {
        let literals: Vec<_> = urls.iter().map(|url| encode(&<File>::from_uri(*url), &Dialect::FLYTE_1).unwrap()).collect();
        map_of_literals(literals.iter().map(|literal| ("x", literal.as_slice())))
    }

    #[test]
    fn inputs_are_read_and_outputs_written_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let raw = folder.path().join("raw");
        let data = of_task("t", &inputs(&["/a/b", "/a/b/c", "/a/b"]), raw.to_str().unwrap(), &[], false).unwrap();
        assert_eq!(data.mounts, [Mount::read_write(&raw), Mount::read_only("/a/b")]);
        assert!(raw.is_dir() && data.folder.is_none());
        let data = of_task("t", &inputs(&["/a/b/c"]), "", &[Mount::read_only("/a")], false).unwrap();
        assert_eq!(data.mounts, []);
    }

    #[test]
    fn what_is_elsewhere_needs_a_network() {
        let error = of_task("t", &inputs(&["s3://b/x"]), "/tmp", &[], false).unwrap_err();
        assert!(error.starts_with("the task `t` reads `s3://b/x`, and its container has no network\nhint: "), "{error}");
        for named in ["`network = true` in `container(..)`", "`.network(true)` on work", "`--container-network`"] {
            assert!(error.contains(named), "{error}");
        }
        let error = of_task("t", &[], "s3://b/raw", &[], false).unwrap_err();
        assert!(error.starts_with("the task `t` stores its data at `s3://b/raw`"), "{error}");
        assert_eq!(of_task("t", &inputs(&["s3://b/x"]), "s3://b/raw", &[], true).unwrap().mounts, []);
    }
}
