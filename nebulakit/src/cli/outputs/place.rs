//! Outputs as files in a folder, each under its name.
//!
//! All of them are written below a temporary name first, and get their own names when they are whole: what fails leaves nothing behind.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nebulakit_types::storage::{Storage, TreeOptions};
use nebulakit_types::{Error, block_on, visible};
use uuid::Uuid;

use super::data::{Data, Kind, extension, is_one};
use super::target::{Target, VALUES, shown_path};
use super::whole::{Outputs, cannot_show};
use crate::cli::complaint::Complaint;
use crate::cli::stops::{Stops, of_signal};
use crate::services::stores::Stores;
use crate::task::failure::chain;

/// Puts them there; what they refer to is then what lies there.
pub(super) fn place(outputs: &mut Outputs, target: &Target, stores: &Stores, stops: &Stops) -> Result<(), Complaint> {
    let mut work = stops.stop_work();
    let staging = Staging::make(target)?;
    let of_values = outputs.values.iter().find(|value| !value.referring.as_ref().is_some_and(|literal| is_one(&literal.value)));
    let of_values = of_values.map(|value| value.name.clone());
    let values = staging.path.join(VALUES);
    let unwritable = |error: io::Error| target.failed("write into", &error);
    if of_values.is_some() {
        // The name is taken before outputs get theirs.
        fs::write(&values, "").map_err(unwritable)?;
    }
    // What is in the folder itself, the first part of each path, and an output that it is of.
    let mut names = BTreeMap::new();
    outputs.visit(|Data { output, name, uri, kind }| {
        let failed = |why: &str| {
            Complaint::failed(format!("cannot put the output `{}` into `{}`: {why}", visible::line(output), shown_path(&target.folder)))
        };
        let fetched = block_on(work.part(fetch(uri, &name, &kind, &staging.path, stores.all())));
        let placed = match fetched.map_err(|error| failed(&error.to_string()))? {
            Ok(placed) => placed.map_err(|error| failed(&chain(&error)))?,
            Err(signal) => return Err(Complaint { exit: of_signal(signal), ..failed(&format!("stopped by {signal}")) }),
        };
        names.extend(placed.iter().next().map(|name| (PathBuf::from(name), output.to_owned())));
        *uri = placed.to_string_lossy().into_owned();
        Ok::<_, Complaint>(())
    })?;
    if let Some(output) = of_values {
        let json = outputs.for_machines().map_err(|error| cannot_show(&error))?;
        fs::write(values, json).map_err(unwritable)?;
        names.insert(VALUES.into(), output);
    }
    staging.publish(&names)?;
    outputs.each(|data| *data.uri = target.folder.join(&*data.uri).to_string_lossy().into_owned());
    Ok(())
}

/// Writes what lies at `uri` into `folder`; its path in there, which nothing else has.
async fn fetch(uri: &str, name: &Path, kind: &Kind, folder: &Path, storage: &Storage) -> Result<PathBuf, Error> {
    let options = TreeOptions::default();
    match kind {
        Kind::Directory => {
            let name = free(folder, name.to_owned());
            storage.download_tree(uri, &folder.join(&name), &options).await?;
            Ok(name)
        }
        Kind::File(format) => {
            let own = Path::new(uri).extension().and_then(|own| own.to_str());
            let name = free(folder, with(name, extension(format).or(own.and_then(extension))));
            storage.download(uri, &folder.join(&name)).await?;
            Ok(name)
        }
        Kind::Table(format) => {
            let file = free(folder, with(name, extension(format)));
            if Path::new(uri).is_file() {
                storage.download(uri, &folder.join(&file)).await?;
                return Ok(file);
            }
            let name = free(folder, name.to_owned());
            let parts = folder.join(&name);
            storage.download_tree(uri, &parts, &options).await?;
            Ok(if only_file(&parts, &folder.join(&file)) { file } else { name })
        }
    }
}

fn with(name: &Path, extension: Option<&str>) -> PathBuf {
    let mut named = name.as_os_str().to_owned();
    if let Some(extension) = extension {
        named.push(format!(".{extension}"));
    }
    named.into()
}

/// The name, with a number where another output has it: `report-2.txt`.
fn free(folder: &Path, name: PathBuf) -> PathBuf {
    let (mut free, mut number) = (name.clone(), 1);
    while folder.join(&free).exists() {
        number += 1;
        let stem = name.file_stem().unwrap_or_default().to_string_lossy();
        free = with(&name.with_file_name(format!("{stem}-{number}")), name.extension().and_then(|extension| extension.to_str()));
    }
    free
}

/// Makes `file` of the one file in the folder `parts`, and says whether it has: there may be more of them, or folders.
fn only_file(parts: &Path, file: &Path) -> bool {
    let entries: Vec<_> = fs::read_dir(parts).into_iter().flatten().flatten().collect();
    match entries.as_slice() {
        [only] if file != parts && only.file_type().is_ok_and(|kind| kind.is_file()) => {
            fs::rename(only.path(), file).and_then(|()| fs::remove_dir(parts)).is_ok()
        }
        _ => false,
    }
}

/// A folder in the target's that is there until all is whole.
struct Staging<'a> {
    path: PathBuf,
    target: &'a Target,
}

impl<'a> Staging<'a> {
    fn make(target: &'a Target) -> Result<Self, Complaint> {
        let path = target.folder.join(format!(".nebulakit-partial-{}", Uuid::new_v4().simple()));
        fs::create_dir_all(&path).map_err(|error| target.failed("write into", &error))?;
        Ok(Self { path, target })
    }

    /// Gives what is in it these names in the target's folder.
    fn publish(&self, names: &BTreeMap<PathBuf, String>) -> Result<(), Complaint> {
        let is_there = |(name, _): &(&PathBuf, &String)| self.target.folder.join(name).symlink_metadata().is_ok();
        if let Some((there, output)) = names.iter().find(is_there).filter(|_| !self.target.replaces) {
            return Err(self.target.taken(there, output));
        }
        names.keys().try_for_each(|name| self.rename(name)).map_err(|error| self.target.failed("write into", &error))
    }

    fn rename(&self, name: &Path) -> io::Result<()> {
        let (from, to) = (self.path.join(name), self.target.folder.join(name));
        // A folder takes no other one's place: that goes first, and goes for good with this one.
        match to.symlink_metadata() {
            Ok(there) if there.is_dir() || from.is_dir() => {
                fs::rename(&to, self.path.join(format!(".former-{}", Uuid::new_v4().simple())))?
            }
            _ => {}
        }
        fs::rename(from, to)
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        // What cannot be removed has a name that says what it is.
        let _ = fs::remove_dir_all(&self.path);
    }
}
