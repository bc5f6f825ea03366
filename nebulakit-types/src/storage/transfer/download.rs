//! From a store to a file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::super::handle::Storage;
use super::super::local::{self, OpenFile, Target};
use super::super::shown::{shown, shown_path};
use super::super::words::{doing, late};
use crate::{Error, ErrorKind, Result};

/// Smaller files are copied where they stand; larger ones take long enough to be worth a thread.
const COPIED_HERE: u64 = 4 << 20;

impl Storage {
    /// Fetches an object into a local file and gives its length. Missing directories are made; what was at the path is replaced.
    ///
    /// Large objects come in several ranges at a time, all of one version. The file appears under its name when it is whole: until then it
    /// lies beside it under a temporary name, which begins with `.nebulakit-partial-` and is removed if the download fails or is dropped.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`] and [`Storage::read`], and [`ErrorKind::Io`] or [`ErrorKind::Denied`] where the file cannot be written.
    pub async fn download(&self, url: &str, path: &Path) -> Result<u64> {
        let done = self.fetch(url, &Target::at(path), None).await;
        done.map_err(|error| doing(&format!("downloading `{}` to {}", shown(url), shown_path(path)), error))
    }

    /// The same, of an object whose size is known from a listing.
    pub(super) async fn fetch(&self, url: &str, target: &Target, size: Option<u64>) -> Result<u64> {
        let place = self.locate(url)?;
        if let Some(from) = place.store.file(&place.address)? {
            let Some((file, meta)) = local::open(&from)? else {
                return Err(Error::new(ErrorKind::NotFound, format!("nothing is stored at {}", shown_path(&from))));
            };
            return self.copy(OpenFile { file, meta, path: from }, target.clone(), size).await;
        }
        if place.store.is_remote() {
            return self.fetch_remote(&place, target, size).await;
        }
        let bytes = self.ask(&place, || place.store.get_whole(&place.address)).await?.there(url)?;
        let length = bytes.len() as u64;
        self.expected(size, length);
        target.put(&[bytes])?;
        self.inner.progress.moved(length);
        self.inner.progress.done();
        Ok(length)
    }

    /// From one file of this machine to another.
    pub(super) async fn copy(&self, from: OpenFile, to: Target, listed: Option<u64>) -> Result<u64> {
        let length = from.meta.size;
        self.expected(listed, length);
        let stop = Arc::new(AtomicBool::new(false));
        let (progress, asked) = (self.inner.progress.clone(), stop.clone());
        let storage = self.clone();
        let copy = move || {
            let go_on = || match asked.load(Relaxed) {
                true => Err(Error::new(ErrorKind::Io, "the copy was given up")),
                false if storage.is_late() => Err(late(&from.path.to_string_lossy(), "not all of it was copied")),
                false => Ok(()),
            };
            local::copy(&from, &to, &go_on, &|bytes| progress.moved(bytes))
        };
        let copied = match tokio::runtime::Handle::try_current() {
            Ok(runtime) if length > COPIED_HERE => {
                let _stops = Stops(stop);
                let copied = runtime.spawn_blocking(copy).await;
                copied.map_err(|error| Error::new(ErrorKind::Io, format!("the copy did not finish: {error}")))?
            }
            _ => copy(),
        }?;
        self.inner.progress.done();
        Ok(copied)
    }
}

/// Tells a thread to stop, when dropped.
struct Stops(Arc<AtomicBool>);

impl Drop for Stops {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
