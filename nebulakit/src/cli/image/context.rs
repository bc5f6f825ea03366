//! The folder that an image is built of: a Dockerfile, and all files of the image in their places.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::cli::complaint::Complaint;

/// Where time zones are, on this machine and in the image.
pub(super) const ZONES: &str = "/usr/share/zoneinfo";

/// Where programs look for CA certificates.
const ROOTS: &str = "etc/ssl/certs/ca-certificates.crt";

/// What an image is made of, besides the program.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) roots: Option<PathBuf>,
    pub(super) zones: Option<PathBuf>,
    pub(super) folder: PathBuf,
}

/// The Dockerfile. Everything is one layer: the folder `root` is the image.
pub(super) fn dockerfile(context: &Context) -> String {
    let mut text = "# The folder `root` holds the program, as `app`, and `tmp`, which everybody may write to".to_owned();
    text.push_str(if context.roots.is_some() { "; CA certificates" } else { "" });
    text.push_str(if context.zones.is_some() { "; time zones" } else { "" });
    text.push_str(".\nFROM scratch\nCOPY root/ /\nENTRYPOINT [\"/app\"]\n");
    text
}

impl Context {
    /// Puts all files into their places.
    pub(super) fn fill(&self, binary: &Path) -> Result<(), Complaint> {
        let failed = |error: io::Error| Complaint::failed(format!("`{}` cannot be written: {error}", self.folder.display()));
        let root = self.folder.join("root");
        if root.exists() {
            fs::remove_dir_all(&root).map_err(failed)?;
        }
        fs::create_dir_all(root.join("tmp")).map_err(failed)?;
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).map_err(failed)?;
        copy(binary, &root.join("app"))?;
        fs::set_permissions(root.join("app"), fs::Permissions::from_mode(0o755)).map_err(failed)?;
        if let Some(roots) = &self.roots {
            copy(roots, &root.join(ROOTS))?;
        }
        if let Some(zones) = &self.zones {
            tree(zones, &root.join(ZONES.trim_start_matches('/')))?;
        }
        fs::write(self.folder.join("Dockerfile"), dockerfile(self)).map_err(failed)
    }
}

/// Copies a file; the folder that it goes to is made.
fn copy(from: &Path, to: &Path) -> Result<(), Complaint> {
    let copied = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(from, to));
    copied.map(drop).map_err(|error| Complaint::failed(format!("`{}` cannot be copied: {error}", from.display())))
}

/// Copies a folder with what its links lead to.
fn tree(from: &Path, to: &Path) -> Result<(), Complaint> {
    let unreadable = |error: io::Error| {
        Complaint::failed(format!("the time zones at `{}` cannot be read: {error}", from.display())).hint("hint: install `tzdata`")
    };
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match fs::metadata(&path) {
            Ok(about) if about.is_dir() => tree(&path, &to)?,
            Ok(_) => copy(&path, &to)?,
            // A link that leads nowhere: `localtime` of Debian does, where no zone is set.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("Europe")).unwrap();
        fs::write(from.join("Europe/Berlin"), "zone").unwrap();
        std::os::unix::fs::symlink("/nowhere/localtime", from.join("localtime")).unwrap();
        assert!(tree(&from, &to).is_ok());
        assert_eq!(fs::read(to.join("Europe/Berlin")).unwrap(), b"zone");
        assert!(!to.join("localtime").exists());
    }
}
