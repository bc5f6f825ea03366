//! Checkpoints: what an attempt leaves for the next one, so that it need not start over.

use std::fmt;
use std::path::Path;

use bytes::Bytes;
use nebulakit_types::storage::{ObjectInfo, PutOptions, Storage, Symlinks, TreeOptions, child_url, join, shown};
use nebulakit_types::{AwaitOrBlocking, Error, ErrorKind, Result, block_on};

/// The object that [`Checkpoint::write`] stores.
const OBJECT: &str = "_dst_cp";

/// What a checkpoint that is a single object is restored as.
const PAYLOAD: &str = "payload";

/// Where this attempt saves its state and the former one left its own.
///
/// Nothing there is the same as no former attempt: an attempt may have died before it saved anything. Objects are replaced whole; a
/// directory is saved file by file, so that an attempt that dies in between leaves some files new and some old.
///
/// In code that is not async, such as a task that is a plain `fn`, the same calls are on what [`blocking`](Self::blocking) gives.
///
/// ```no_run
/// # async fn example(checkpoint: nebulakit::checkpoint::Checkpoint) -> anyhow::Result<()> {
/// let start = match checkpoint.read().await? {
///     Some(bytes) => std::str::from_utf8(&bytes)?.parse()?,
///     None => 0,
/// };
/// for step in start..1000 {
///     // ... work ...
///     checkpoint.write((step + 1).to_string()).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Checkpoint {
    storage: Storage,
    destination: String,
    previous: Option<String>,
    resumes_own: bool,
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let previous = self.previous.as_deref().map(shown);
        f.debug_struct("Checkpoint").field("destination", &shown(&self.destination)).field("previous", &previous).finish_non_exhaustive()
    }
}

impl Checkpoint {
    /// Makes the checkpoint of an attempt from the options `--checkpoint-path` and `--prev-checkpoint`.
    ///
    /// `None` without a destination: the platform then keeps no checkpoints for this task. Empty text counts as absent.
    /// `resumes_own` says whether one of this very attempt is looked for before that of the former one.
    pub(crate) fn new(storage: &Storage, destination: Option<&str>, previous: Option<&str>, resumes_own: bool) -> Option<Self> {
        let given = |url: Option<&str>| url.filter(|url| !url.is_empty()).map(str::to_owned);
        Some(Self { storage: storage.clone(), destination: given(destination)?, previous: given(previous), resumes_own })
    }

    /// Whether a former attempt could have left something. The store is not asked.
    #[must_use]
    pub fn has_previous(&self) -> bool {
        self.previous.is_some()
    }

    /// Stores `bytes` for the next attempt, in the place of what was written before.
    ///
    /// In code that is not async: `checkpoint.blocking().write(bytes)`.
    ///
    /// # Errors
    /// The store refuses or does not answer; see [`Storage::put`].
    pub fn write(&self, bytes: impl Into<Bytes>) -> AwaitOrBlocking<'_, ()> {
        let bytes = bytes.into();
        AwaitOrBlocking::new(async move { self.put(OBJECT, bytes).await })
    }

    /// Fetches what the former attempt wrote, or `None` if it left nothing.
    ///
    /// On Flyte 2, which relaunches an attempt after a failure of the system, what this very attempt wrote comes first.
    ///
    /// In code that is not async: `checkpoint.blocking().read()`.
    ///
    /// # Errors
    /// The store refuses or does not answer ([`Storage::get`]), or the checkpoint is a directory of several files, which
    /// [`restore`](Self::restore) fetches.
    pub fn read(&self) -> AwaitOrBlocking<'_, Option<Bytes>> {
        AwaitOrBlocking::new(async move {
            for source in self.sources() {
                if let Some(bytes) = self.storage.get_if_exists(&join(source, OBJECT)).await? {
                    return Ok(Some(bytes));
                }
                match self.files(source).await?.as_slice() {
                    [] => {}
                    [file] => return self.storage.get_if_exists(&file.url).await,
                    files => {
                        let message = format!("the checkpoint is a directory of {} files; `restore` fetches it", files.len());
                        return Err(Error::new(ErrorKind::Mismatch, message));
                    }
                }
            }
            Ok(None)
        })
    }

    /// Stores a file, under its own name, or all that is in a directory, and what links in it lead to.
    ///
    /// In code that is not async: `checkpoint.blocking().save(path)`.
    ///
    /// # Errors
    /// The file or directory cannot be read, a name in it is not UTF-8, or the store refuses or does not answer.
    pub fn save(&self, path: impl AsRef<Path>) -> AwaitOrBlocking<'_, ()> {
        let path = path.as_ref().to_owned();
        AwaitOrBlocking::new(async move {
            let path = path.as_path();
            if path.is_dir() {
                let options = TreeOptions { symlinks: Symlinks::Follow, ..TreeOptions::default() };
                return self.storage.upload_tree(path, &self.destination, &options).await.map(drop);
            }
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| Error::new(ErrorKind::Name, format!("the name of `{}` is not UTF-8", path.display())))?;
            self.storage.upload(path, &child_url(&self.destination, name), &PutOptions::default()).await.map(drop)
        })
    }

    /// Fetches what the former attempt saved into the directory `into`, which is made if need be. Returns whether there was anything.
    ///
    /// Bytes that were written turn up as the file `_dst_cp`; a checkpoint that another SDK stored as one object as the file `payload`.
    ///
    /// In code that is not async: `checkpoint.blocking().restore(into)`.
    ///
    /// # Errors
    /// The store refuses or does not answer, or a file cannot be written.
    pub fn restore(&self, into: impl AsRef<Path>) -> AwaitOrBlocking<'_, bool> {
        let into = into.as_ref().to_owned();
        AwaitOrBlocking::new(async move {
            let into = into.as_path();
            for source in self.sources() {
                if self.storage.download_tree(source, into, &TreeOptions::default()).await?.objects > 0 {
                    return Ok(true);
                }
                if self.is_object(source).await? {
                    self.storage.download(source, &into.join(PAYLOAD)).await?;
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// The same calls for code that is not async, such as a task that is a plain `fn`: each waits, and gives its result at once.
    #[must_use]
    pub fn blocking(&self) -> BlockingCheckpoint<'_> {
        BlockingCheckpoint(self)
    }

    fn wait<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
        let started = block_on(future);
        started.map_err(|error| Error::new(ErrorKind::Io, "no thread can be started").with_source(error))?
    }

    fn sources(&self) -> impl Iterator<Item = &str> {
        let own = self.resumes_own.then_some(self.destination.as_str());
        own.into_iter().chain(self.previous.as_deref())
    }

    /// The files of a checkpoint, or the one object that it is.
    async fn files(&self, source: &str) -> Result<Vec<ObjectInfo>> {
        let files = self.storage.list(source).await?;
        if files.is_empty() && self.is_object(source).await? {
            return Ok(vec![ObjectInfo { url: source.to_owned(), key: PAYLOAD.to_owned(), size: 0 }]);
        }
        Ok(files)
    }

    async fn is_object(&self, source: &str) -> Result<bool> {
        Ok(!source.ends_with('/') && self.storage.exists(source).await?)
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.storage.put(&child_url(&self.destination, key), vec![bytes], &PutOptions::default()).await
    }
}

/// The calls of a [`Checkpoint`] for code that is not async; see [`Checkpoint::blocking`].
///
/// # Panics
/// All of them, in async code.
#[derive(Debug)]
pub struct BlockingCheckpoint<'a>(&'a Checkpoint);

impl BlockingCheckpoint<'_> {
    /// As [`Checkpoint::write`].
    ///
    /// # Errors
    /// As there.
    pub fn write(&self, bytes: impl Into<Bytes>) -> Result<()> {
        Checkpoint::wait(self.0.write(bytes))
    }

    /// As [`Checkpoint::read`].
    ///
    /// # Errors
    /// As there.
    pub fn read(&self) -> Result<Option<Bytes>> {
        Checkpoint::wait(self.0.read())
    }

    /// As [`Checkpoint::save`].
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Checkpoint::wait(self.0.save(path))
    }

    /// As [`Checkpoint::restore`].
    ///
    /// # Errors
    /// As there.
    pub fn restore(&self, into: impl AsRef<Path>) -> Result<bool> {
        Checkpoint::wait(self.0.restore(into))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::runtime::Builder;

    use super::*;

    const FIRST: &str = "memory://cp/1";
    const SECOND: &str = "memory://cp/2";

    fn run<T>(future: impl Future<Output = T>) -> T {
        Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn attempts(storage: &Storage, resumes_own: bool) -> (Checkpoint, Checkpoint) {
        let first = Checkpoint::new(storage, Some(FIRST), Some(""), resumes_own).unwrap();
        let second = Checkpoint::new(storage, Some(SECOND), Some(FIRST), resumes_own).unwrap();
        (first, second)
    }

    #[test]
    fn without_a_destination_there_is_no_checkpoint() {
        let storage = Storage::memory();
        assert!(Checkpoint::new(&storage, None, Some(FIRST), false).is_none());
        assert!(Checkpoint::new(&storage, Some(""), None, false).is_none());
    }

    #[test]
    fn the_next_attempt_reads_what_was_written_last() {
        let storage = Storage::memory();
        let (first, second) = attempts(&storage, false);
        assert!(!first.has_previous() && second.has_previous());
        run(async {
            assert_eq!(first.read().await.unwrap(), None, "no former attempt");
            assert_eq!(second.read().await.unwrap(), None, "a former attempt that left nothing");
            first.write("one").await.unwrap();
            first.write(vec![2, 0xff]).await.unwrap();
            assert_eq!(second.read().await.unwrap().unwrap(), &[2, 0xff][..]);
            assert_eq!(storage.get("memory://cp/1/_dst_cp").await.unwrap(), &[2, 0xff][..], "where flytekit puts it");
            assert_eq!(first.read().await.unwrap(), None, "the source is the former attempt's");
        });
    }

    #[test]
    fn a_relaunch_on_flyte_2_reads_its_own() {
        let storage = Storage::memory();
        let (first, second) = attempts(&storage, true);
        run(async {
            first.write("first").await.unwrap();
            assert_eq!(second.read().await.unwrap().unwrap(), "first");
            second.write("second").await.unwrap();
            assert_eq!(second.read().await.unwrap().unwrap(), "second");
        });
    }

    #[test]
    fn a_directory_comes_back_whole() {
        let storage = Storage::memory();
        let (first, second) = attempts(&storage, false);
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to/deep"));
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("a/b/100%.txt"), "x").unwrap();
        fs::write(from.join("empty"), "").unwrap();
        run(async {
            first.save(&from).await.unwrap();
            let error = second.read().await.unwrap_err();
            assert_eq!(error.to_string(), "the checkpoint is a directory of 2 files; `restore` fetches it");
            assert!(second.restore(&to).await.unwrap());
            assert!(!first.restore(folder.path().join("none")).await.unwrap());
        });
        assert_eq!(fs::read_to_string(to.join("a/b/100%.txt")).unwrap(), "x");
        assert_eq!(fs::read_to_string(to.join("empty")).unwrap(), "");
        assert!(!folder.path().join("none").exists());
    }

    #[test]
    fn a_file_keeps_its_name_and_is_readable_as_bytes() {
        let storage = Storage::memory();
        let (first, second) = attempts(&storage, false);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.bin"), "weights").unwrap();
        run(async {
            first.save(folder.path().join("model.bin")).await.unwrap();
            assert_eq!(storage.get("memory://cp/1/model.bin").await.unwrap(), "weights");
            assert_eq!(second.read().await.unwrap().unwrap(), "weights");
            let error = first.save(folder.path().join("absent")).await.unwrap_err();
            assert!(error.to_string().contains("absent`"), "{error}");
        });
    }

    #[test]
    fn one_object_of_another_sdk_is_read_too() {
        let storage = Storage::memory();
        let (_, second) = attempts(&storage, true);
        let folder = tempfile::tempdir().unwrap();
        run(async {
            storage.put(FIRST, vec!["raw".into()], &PutOptions::default()).await.unwrap();
            assert_eq!(second.read().await.unwrap().unwrap(), "raw");
            assert!(second.restore(folder.path()).await.unwrap());
        });
        assert_eq!(fs::read_to_string(folder.path().join("payload")).unwrap(), "raw");
    }

    #[test]
    fn local_folders_and_file_urls_work_without_a_runtime() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        fs::create_dir(&from).unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        fs::write(from.join("50%25"), "x").unwrap();
        let storage = Storage::default();
        for (index, scheme) in ["", "file://"].iter().enumerate() {
            let at = |name: &str| format!("{scheme}{}/{name}", folder.path().display());
            let first = Checkpoint::new(&storage, Some(&at("cp")), Some(&at("empty")), false).unwrap();
            assert_eq!(first.blocking().read().unwrap(), None);
            first.blocking().save(&from).unwrap();
            let second = Checkpoint::new(&storage, Some(&at("cp2")), Some(&at("cp")), false).unwrap();
            let to = folder.path().join(index.to_string());
            assert!(second.blocking().restore(&to).unwrap());
            assert_eq!(fs::read_to_string(to.join("50%25")).unwrap(), "x");
        }
    }

    #[test]
    fn plain_functions_may_write_from_a_blocking_thread() {
        let storage = Storage::memory();
        Builder::new_current_thread().build().unwrap().block_on(async {
            let (first, second) = attempts(&storage, false);
            tokio::task::spawn_blocking(move || first.blocking().write("x").unwrap()).await.unwrap();
            assert_eq!(second.read().await.unwrap().unwrap(), "x");
        });
    }
}
