//! What a kind of store can do: the one trait that all stores implement, ours and those of users.
//!
//! A store answers single requests. All else is done for it, over any store: retries, ranges side by side, deadlines, the check of what came,
//! trees, and objects that are there whole or not at all.

use std::fmt;
use std::future::ready;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::address::Address;
use super::content::{Content, Extent, Payload};
use super::object::{Answer, ObjectMeta, PutOptions};
use super::page::{Depth, Page};
use super::shown::shown;
use crate::{Error, ErrorKind, Result};

/// What a store's methods return: a future of a result.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A kind of store: what serves the URLs of one or more schemes.
///
/// Five methods are needed. Those with a body say what is special about a store, or are a shorter way to the same.
///
/// A failure is an [`Error`](crate::Error) that names the URL ([`Address::url`], by way of [`shown`](super::shown)) and has the kind that fits:
/// [`Unavailable`](crate::ErrorKind::Unavailable) for what may pass, which is tried again, [`Denied`](crate::ErrorKind::Denied),
/// [`Name`](crate::ErrorKind::Name), [`Url`](crate::ErrorKind::Url), [`OutOfRange`](crate::ErrorKind::OutOfRange),
/// [`Changed`](crate::ErrorKind::Changed), [`Io`](crate::ErrorKind::Io). An object that is not there is not a failure but [`Answer::Absent`].
///
/// Whether a store keeps these promises is checked by `nebulakit::testing::store_conformance`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store",
    label = "expected a value of a type that implements `nebulakit::storage::Store`"
)]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The schemes of its URLs, in small letters.
    fn schemes(&self) -> Vec<String>;

    /// The facts of an object. A prefix with objects below it is not one.
    fn head<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<ObjectMeta>>;

    /// Opens an object or a part of it. Where a version is given, an etag that the store named, an object that is another by now is
    /// [`ErrorKind::Changed`](crate::ErrorKind::Changed).
    fn get<'a>(&'a self, at: &'a Address, extent: &'a Extent, version: Option<&'a str>) -> Pending<'a, Answer<Content>>;

    /// Begins an object that comes in parts. Nothing of it is visible before [`Upload::finish`], then all of it, in place of what was there;
    /// an upload that is dropped leaves nothing.
    fn begin<'a>(&'a self, at: &'a Address, options: &'a PutOptions) -> Pending<'a, Arc<dyn Upload>>;

    /// One page of what lies below a prefix, which ends at a slash, written or not: `a` has `a/b`, and not `ab`. Keys come without the prefix
    /// and its slash, verbatim. A prefix below which nothing is has an empty page.
    ///
    /// `page` is what the page before named as the [`next`](Page::next) one.
    fn list<'a>(&'a self, prefix: &'a Address, depth: Depth, page: Option<&'a str>) -> Pending<'a, Page>;

    /// Deletes an object. One that is not there counts as deleted.
    fn delete<'a>(&'a self, at: &'a Address) -> Pending<'a, ()>;

    /// Stores a whole object at once, as [`begin`](Store::begin) does in parts.
    fn put<'a>(&'a self, at: &'a Address, whole: Payload, options: &'a PutOptions) -> Pending<'a, ()> {
        Box::pin(async move {
            let upload = self.begin(at, options).await?;
            if whole.length() > 0 {
                upload.part(0, whole).await?;
            }
            upload.finish().await
        })
    }

    /// Stores a whole object at once if there is none yet, and says whether it did. Of all that try at once, on whichever machine, one does.
    ///
    /// A store that does not know such a request, as this one by default, is no place for what several processes agree on.
    fn put_new<'a>(&'a self, at: &'a Address, whole: Payload, options: &'a PutOptions) -> Pending<'a, bool> {
        let _ = (whole, options);
        let text = format!("`{}`: its store cannot create an object only where there is none", shown(at.url()));
        Box::pin(ready(Err(Error::new(ErrorKind::Io, text))))
    }

    /// Fetches a whole object that fits into memory.
    fn get_whole<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<Bytes>> {
        Box::pin(async move {
            Ok(match self.get(at, &Extent::All, None).await? {
                Answer::There(content) => Answer::There(content.collect(at.url()).await?),
                Answer::Absent(end) => Answer::Absent(end),
            })
        })
    }

    /// What is wrong with a write before anything is written.
    ///
    /// # Errors
    /// As those of [`begin`](Store::begin) that need no request.
    fn check_write(&self, at: &Address, options: &PutOptions) -> Result<()> {
        let _ = (at, options);
        Ok(())
    }

    /// The file of this machine that an object is, in a store of such files. What is moved between two files is copied by the system, and
    /// directories are listed as such.
    ///
    /// # Errors
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) where the address cannot be that of a file.
    fn file(&self, at: &Address) -> Result<Option<PathBuf>> {
        let _ = at;
        Ok(None)
    }

    /// Whether it is reached by requests that take their time. Those share a budget with all others of a [`Storage`](super::Storage).
    fn is_remote(&self) -> bool {
        true
    }

    /// What it does by itself of what is else done for it.
    fn resilience(&self) -> Resilience {
        Resilience::None
    }

    /// Whether what is stored has to be in memory first. A store that can read a [`Payload`] while it sends it says no.
    ///
    /// # Errors
    /// Where it cannot be told, for the reason that a write would have.
    fn wants_memory(&self, at: &Address) -> Result<bool> {
        let _ = at;
        Ok(true)
    }
}

/// An object that is being stored: [`Store::begin`]. Dropped before it is finished, it leaves nothing.
pub trait Upload: fmt::Debug + Send + Sync + 'static {
    /// Sends a part. Parts are numbered from 0 without a gap and begun in this order; several may be under way at once. One that failed with
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) may come again under its number.
    fn part(&self, number: u32, bytes: Payload) -> Pending<'static, ()>;

    /// Makes the object of the parts.
    fn finish(&self) -> Pending<'_, ()>;

    /// Gives back what was sent, as far as that can be done now.
    fn abort(&self) -> Pending<'_, ()>;
}

/// What a store does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resilience {
    /// Nothing: requests that fail are made again for it, and end at the deadline.
    None,
    /// It makes failed requests again, and keeps [`Address::deadline`]. What breaks off while it comes is asked for again from outside.
    Requests,
    /// It asks for the rest of what breaks off, too.
    Everything,
}
