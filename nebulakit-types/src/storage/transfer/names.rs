//! Keys as names of files. Keys are written by others: none leads out of the target directory, and no two become one file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::super::local;
use super::super::location::shown_path;
use crate::{Error, ErrorKind, Result};

/// The longest name of a file, in bytes, on the file systems there are.
const LONGEST: usize = 255;

/// The files of a target directory, each claimed by one key.
pub(super) struct Names {
    root: PathBuf,
    /// What was claimed, in the form in which the file system compares names; only where that is not the name itself.
    claimed: Option<HashMap<String, String>>,
    /// The directories that are there.
    made: HashSet<PathBuf>,
}

impl Names {
    /// Looks at the target directory, which is made if it is not there.
    pub(super) fn of(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(|error| local::fault("create the directory", root, error))?;
        Ok(Self::new(root, local::folds_case(root)?))
    }

    fn new(root: &Path, folds_case: bool) -> Self {
        Self { root: root.to_owned(), claimed: folds_case.then(HashMap::new), made: HashSet::new() }
    }

    /// The path of a key's file; its directory is made.
    pub(super) fn claim(&mut self, key: &str) -> Result<PathBuf> {
        let fault =
            |why: String| Error::new(ErrorKind::Url, format!("the key {key:?} cannot be a file below {}: {why}", shown_path(&self.root)));
        for segment in key.split('/') {
            match segment {
                "" => return Err(fault("there is nothing before, after or between its slashes".to_owned())),
                "." | ".." => return Err(fault(format!("it holds `{segment}` as a name"))),
                _ if segment.contains('\0') => return Err(fault("it holds a NUL".to_owned())),
                _ if segment.len() > LONGEST => {
                    return Err(fault(format!("one of its names has {} bytes, and a file's has {LONGEST} at most", segment.len())));
                }
                _ if local::is_partial(segment) => return Err(fault("such names are kept for files that are being written".to_owned())),
                _ if cfg!(windows) && segment.contains(['\\', ':']) => return Err(fault(format!("`{segment}` is no name on this system"))),
                _ => {}
            }
        }
        if let Some(claimed) = &mut self.claimed {
            // Directories too: `a/x` and `A/y` would share one. That is what the same system does with them anywhere else.
            if let Some(other) = claimed.insert(key.to_lowercase(), key.to_owned())
                && other != key
            {
                let why = format!("{other:?} is the same file there, where case does not count");
                return Err(Error::new(
                    ErrorKind::Url,
                    format!("the key {key:?} cannot be a file below {}: {why}", shown_path(&self.root)),
                ));
            }
        }
        let path = self.root.join(key);
        if let Some(directory) = path.parent() {
            self.make(directory, key)?;
        }
        Ok(path)
    }

    /// Makes a directory below the root, through no link: whoever put one there did not say that it may be written through.
    fn make(&mut self, directory: &Path, key: &str) -> Result<()> {
        if directory == self.root || self.made.contains(directory) {
            return Ok(());
        }
        if let Some(parent) = directory.parent() {
            self.make(parent, key)?;
        }
        match std::fs::symlink_metadata(directory) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(metadata) => {
                let what = if metadata.is_symlink() { "a link" } else { "a file" };
                let text = format!("the key {key:?} needs the directory {}, where {what} is", shown_path(directory));
                return Err(Error::new(ErrorKind::Url, text));
            }
            Err(_) => match std::fs::create_dir(directory) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(local::fault("create the directory", directory, error));
                }
                _ => {}
            },
        }
        self.made.insert(directory.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_keys_are_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        let mut names = Names::new(root.path(), false);
        let long = "x".repeat(256);
        for key in ["", "/etc/passwd", "a//b", "../x", "a/../../x", "a/..", "./a", "a/.", "a\0b", "a/", &long, ".nebulakit-partial-1-1"] {
            let error = names.claim(key).unwrap_err();
            assert!(error.kind() == ErrorKind::Url && error.to_string().contains(&format!("{key:?}")), "{error}");
        }
        for key in ["a/b", "...", "a b", "100%", "a%2e%2e", "é", "-rf", "..a", &long[..255]] {
            assert_eq!(names.claim(key).unwrap(), root.path().join(key));
        }
    }

    #[test]
    fn two_keys_that_are_one_file_are_both_named() {
        let root = tempfile::tempdir().unwrap();
        let mut names = Names::new(root.path(), true);
        names.claim("a/Readme").unwrap();
        let error = names.claim("a/README").unwrap_err();
        assert!(error.to_string().contains("\"a/Readme\"") && error.to_string().contains("\"a/README\""), "{error}");
        let mut names = Names::new(root.path(), false);
        names.claim("a/Readme").unwrap();
        names.claim("a/README").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_in_the_target_are_not_written_through() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("sub")).unwrap();
        let error = Names::new(root.path(), false).claim("sub/x").unwrap_err();
        assert!(error.to_string().contains("a link"), "{error}");
    }
}
