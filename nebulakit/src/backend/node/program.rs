//! The program that runs the plan's nodes: a copy, so that a rebuild changes nothing.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use uuid::Uuid;

use super::files;
use super::folder::PlanFolder;
use crate::process::elf::Elf;

/// Copies the program at `source` into the plan's folder, under its build id; where it is, from the folder on: `bin/build-id-<hex>`.
///
/// The id is the linker's digest; where it left none, the digest of the file. A digest of every file would cost more than the rest of a plan.
///
/// It is no link to the file: whoever writes into that one, as `cp` does, would change the program of a plan that runs. Where the file system can, the
/// copy shares its blocks.
///
/// # Errors
/// When it cannot be read or written.
pub(in crate::backend) fn copy_program(folder: &PlanFolder, source: &Path) -> io::Result<String> {
    let bin = folder.path().join("bin");
    files::make(&bin)?;
    let temporary = bin.join(format!(".{}", Uuid::new_v4().simple()));
    let copied = copy(source, &temporary, &bin);
    if copied.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    copied.map(|name| format!("bin/{name}"))
}

fn copy(source: &Path, temporary: &Path, bin: &Path) -> io::Result<String> {
    fs::copy(source, temporary)?;
    fs::set_permissions(temporary, Permissions::from_mode(0o700))?;
    // Of the copy: the source may be another one by now.
    let name = Elf::read(temporary)?.id.replace(':', "-");
    fs::rename(temporary, bin.join(&name))?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::digest;

    #[test]
    fn a_program_that_is_replaced_stays_what_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, source) = (PlanFolder::at(&dir.path().join("p")).unwrap(), dir.path().join("app"));
        fs::write(&source, "one").unwrap();
        let first = copy_program(&folder, &source).unwrap();
        fs::write(&source, "two").unwrap();
        let second = copy_program(&folder, &source).unwrap();
        assert_eq!(first, format!("bin/sha256-{}", digest::of("one")));
        assert_eq!(fs::read_to_string(folder.path().join(&first)).unwrap(), "one");
        assert_eq!(fs::read_to_string(folder.path().join(&second)).unwrap(), "two");
        assert_eq!(fs::metadata(folder.path().join(&first)).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(folder.path().join("bin")).unwrap().count(), 2);
    }
}
