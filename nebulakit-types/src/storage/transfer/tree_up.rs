//! From a directory to a prefix.

use std::fs;
use std::path::{Path, PathBuf};
use std::task::Poll;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::super::handle::Storage;
use super::super::local::{self, Folder};
use super::super::location::child_url;
use super::super::object::{Symlinks, Transferred, TreeOptions};
use super::super::shown::{shown, shown_path};
use super::super::words::doing;
use super::upload::Named;
use crate::{Error, ErrorKind, Result};

impl Storage {
    /// Stores all files below a directory, each under the prefix and its path, many at a time, and says how many there were.
    ///
    /// Object stores have no directories, so empty ones are not stored. Links are refused or followed, as the options say; what is neither a
    /// file nor a directory (a socket, a device) is an error, as is a name that is not UTF-8. Files that this crate is writing at the moment
    /// are left out (their names begin with `.nebulakit-partial-`). After an error, what is whole stays.
    ///
    /// # Errors
    ///
    /// As [`Storage::upload`]; [`ErrorKind::NotFound`] if there is no such directory, [`ErrorKind::Url`] for links and names that are not
    /// UTF-8, [`ErrorKind::Name`] for names that the store cannot hold.
    pub async fn upload_tree(&self, directory: &Path, prefix: &str, options: &TreeOptions) -> Result<Transferred> {
        self.upload_named_tree(directory, prefix, options, |_| None).await
    }

    /// The same for names that have to pass a check, which says what is wrong with one.
    pub(crate) async fn upload_named_tree(
        &self,
        directory: &Path,
        prefix: &str,
        options: &TreeOptions,
        check: impl Fn(&str) -> Option<String>,
    ) -> Result<Transferred> {
        let done = self.send_tree(directory, prefix, options, check).await;
        done.map_err(|error| doing(&format!("uploading {} to `{}`", shown_path(directory), shown(prefix)), error))
    }

    async fn send_tree(
        &self,
        directory: &Path,
        prefix: &str,
        options: &TreeOptions,
        check: impl Fn(&str) -> Option<String>,
    ) -> Result<Transferred> {
        let pattern = options.pattern()?;
        let mut opening = Some(self.inner.progress.opening());
        let end = stream::poll_fn(move |_| {
            opening.take();
            Poll::Ready(None)
        });
        let files = stream::iter(Files::below(directory, options.symlinks)?).chain(end);
        let wanted = files.try_filter(|file| std::future::ready(pattern.as_ref().is_none_or(|pattern| pattern.matches(&file.key))));
        let checked = |file: LocalFile| match check(&file.key) {
            Some(why) => Err(Error::new(ErrorKind::Name, format!("the file {:?} cannot be stored: {why}", file.path))),
            None => Ok(file),
        };
        let place = self.locate(prefix)?;
        if let Some(root) = place.store.file(&place.address)? {
            // Where directories are something, an empty one is there too.
            fs::create_dir_all(&root).map_err(|error| local::fault("create the directory", &root, error))?;
        }
        let sends = wanted.map(|file| {
            let file = file.and_then(checked);
            if let Ok(file) = &file {
                self.inner.progress.expect(1, file.size);
            }
            async move {
                let file = file?;
                let named = Named { path: &file.path, within: file.within.as_ref() };
                let bytes = self.send(&named, &child_url(prefix, &file.key), &options.put, true).await?;
                Ok::<_, Error>(Transferred { objects: 1, bytes })
            }
        });
        let mut sends = std::pin::pin!(sends.buffer_unordered(options.at_once()));
        let mut total = Transferred::default();
        while let Some(sent) = sends.next().await {
            total += sent?;
        }
        Ok(total)
    }
}

/// A file of the directory, as it was found.
struct LocalFile {
    path: PathBuf,
    /// The directory that it was found in, where links are refused.
    within: Option<Folder>,
    key: String,
    size: u64,
}

/// The files below a directory, found while they are asked for.
struct Files {
    symlinks: Symlinks,
    /// The directories that are open, from the root down.
    open: Vec<Open>,
}

struct Open {
    entries: fs::ReadDir,
    /// What the names in it begin with.
    prefix: String,
    /// What it truly is, where links are followed, and itself where they are refused.
    truly: PathBuf,
    folder: Option<Folder>,
}

impl Files {
    fn below(directory: &Path, symlinks: Symlinks) -> Result<Self> {
        let mut files = Self { symlinks, open: Vec::new() };
        // The root is named by the caller, so that a link there is meant.
        let folder = match symlinks {
            Symlinks::Follow => None,
            Symlinks::Refuse => Some(Folder::open(directory).map_err(|error| local::fault("list", directory, error))?),
        };
        files.enter(directory, String::new(), folder)?;
        Ok(files)
    }

    fn enter(&mut self, directory: &Path, prefix: String, folder: Option<Folder>) -> Result<()> {
        // Only links make circles.
        let truly = match self.symlinks {
            Symlinks::Follow => fs::canonicalize(directory).map_err(|error| local::fault("look at", directory, error))?,
            Symlinks::Refuse => PathBuf::new(),
        };
        if self.symlinks == Symlinks::Follow
            && let Some(Open { truly: above, .. }) = self.open.iter().find(|open| open.truly == truly)
        {
            let text = format!("the link {} leads back to {}: a circle", shown_path(directory), shown_path(above));
            return Err(Error::new(ErrorKind::Url, text));
        }
        let entries = fs::read_dir(directory).map_err(|error| local::fault("list", directory, error))?;
        self.open.push(Open { entries, prefix, truly, folder });
        Ok(())
    }

    /// The next file; directories are entered.
    fn next_file(&mut self) -> Result<Option<LocalFile>> {
        loop {
            let Some(Open { entries, prefix, folder, .. }) = self.open.last_mut() else { return Ok(None) };
            let Some(entry) = entries.next() else {
                self.open.pop();
                continue;
            };
            let entry = entry.map_err(|error| Error::new(ErrorKind::Io, format!("cannot list `{prefix}`")).with_source(error))?;
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                return Err(Error::new(ErrorKind::Url, format!("the name of {} is not UTF-8", shown_path(&path))));
            };
            let key = format!("{prefix}{name}");
            let mut metadata = entry.metadata().map_err(|error| local::fault("look at", &path, error))?;
            if metadata.is_symlink() {
                if self.symlinks == Symlinks::Refuse {
                    let text = format!("{} is a link, and links are refused unless the options say to follow them", shown_path(&path));
                    return Err(Error::new(ErrorKind::Url, text));
                }
                metadata = fs::metadata(&path).map_err(|error| local::fault("follow the link", &path, error))?;
            }
            if metadata.is_dir() {
                let inner = folder.as_ref().map(|folder| folder.enter(&name)).transpose();
                let inner = inner.map_err(|error| local::fault("list", &path, error))?;
                self.enter(&path, key + "/", inner)?;
            } else if !metadata.is_file() {
                let found = local::kind_of(metadata.file_type());
                return Err(Error::new(ErrorKind::Url, format!("{} is {found}, neither a file nor a directory", shown_path(&path))));
            } else if !local::is_partial(&name) {
                return Ok(Some(LocalFile { path, within: folder.clone(), key, size: metadata.len() }));
            }
        }
    }
}

impl Iterator for Files {
    type Item = Result<LocalFile>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_file();
        if next.is_err() {
            self.open.clear();
        }
        next.transpose()
    }
}
