//! The files of a directory, all at one place, each under its relative name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use nebulakit_types::client::Content;
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::super::error::{ClientError, ClientErrorKind};
use super::file::Sent;
use super::uploads::{AT_A_TIME, Uploads, neither, refused, unreadable};

/// What the names of files that are being written begin with.
const PARTIAL: &str = ".nebulakit-partial-";

/// How many characters of the digest are the place of a directory.
const PLACE: usize = 32;

/// What is found in place of a file in an empty directory.
const NOTHING: &str = "nothing";

impl Uploads<'_> {
    pub(super) async fn upload_tree(&self, directory: &Path) -> Result<String, ClientError> {
        let top = directory.to_owned();
        let read = spawn_blocking(move || read(&top));
        let files = read.await.map_err(|error| ClientError::new(ClientErrorKind::Upload, error.to_string()))??;
        let root = Some(place(&files));
        if files.is_empty() {
            let sent = Sent { path: directory.to_owned(), content: Content { size: 0, md5: [0; 16] }, name: NOTHING.to_owned(), root };
            return prefix(&self.location(&sent).await?.native_url, NOTHING);
        }
        let sends = files.into_iter().map(|(path, name, content)| {
            let sent = Sent { path, content, name, root: root.clone() };
            async move { prefix(&self.send(&sent).await?, &sent.name) }
        });
        // All of them have the same.
        let prefixes: Vec<String> = stream::iter(sends).buffer_unordered(AT_A_TIME).try_collect().await?;
        Ok(prefixes.into_iter().next().unwrap_or_default())
    }
}

/// What a directory holds.
pub(super) async fn digest(directory: &Path) -> Result<String, ClientError> {
    let top = directory.to_owned();
    let read = spawn_blocking(move || read(&top).map(|files| place(&files)));
    read.await.map_err(|error| ClientError::new(ClientErrorKind::Upload, error.to_string()))?
}

/// The place of a directory: the same for the same names with the same contents.
fn place(files: &[(PathBuf, String, Content)]) -> String {
    let mut hash = Sha256::new();
    for (_, name, content) in files {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update(content.md5);
    }
    let mut text: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(PLACE);
    text
}

/// What the URL of a file has before its relative name.
fn prefix(url: &str, name: &str) -> Result<String, ClientError> {
    url.strip_suffix(name).and_then(|prefix| prefix.strip_suffix('/')).map(str::to_owned).ok_or_else(|| {
        ClientError::new(ClientErrorKind::Server, format!("the control plane puts the file `{name}` of a directory elsewhere: at `{url}`"))
    })
}

/// The files below a directory with their relative names, in the order of these, and what they hold.
fn read(top: &Path) -> Result<Vec<(PathBuf, String, Content)>, ClientError> {
    let mut files = Vec::new();
    let real = fs::canonicalize(top).map_err(|error| unreadable(top, &error))?;
    gather(top, "", &mut vec![real], &mut files)?;
    files.sort_by(|(_, one, _), (_, other, _)| one.cmp(other));
    Ok(files)
}

/// `within` are the directories that this one is in, and itself, without symbolic links.
fn gather(
    directory: &Path,
    prefix: &str,
    within: &mut Vec<PathBuf>,
    files: &mut Vec<(PathBuf, String, Content)>,
) -> Result<(), ClientError> {
    let failed = |error: io::Error| unreadable(directory, &error);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| refused(&path, "its name is not UTF-8"))?;
        if name.starts_with(PARTIAL) {
            continue;
        }
        let name = format!("{prefix}{name}");
        let about = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if about.is_dir() {
            let real = fs::canonicalize(&path).map_err(|error| unreadable(&path, &error))?;
            if within.contains(&real) {
                return Err(refused(&path, "it is within itself, by a symbolic link"));
            }
            within.push(real);
            gather(&path, &format!("{name}/"), within, files)?;
            within.pop();
        } else if about.is_file() {
            let content = Content::of(&path).map_err(|error| unreadable(&path, &error))?;
            files.push((path, name, content));
        } else {
            return Err(neither(&path));
        }
    }
    Ok(())
}
