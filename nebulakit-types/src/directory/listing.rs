//! What a directory holds, as it is found.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, Stream, StreamExt as _};

use crate::Result;

/// Entries or files of a directory, a page of the store's listing at a time; a [`Stream`] too. Dropped, it asks for no more.
pub struct Listing<T>(BoxStream<'static, Result<T>>);

impl<T> Listing<T> {
    pub(super) fn new(found: impl Stream<Item = Result<T>> + Send + 'static) -> Self {
        Self(found.boxed())
    }

    /// The next one; [`None`] at the end.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.0.next().await.transpose()
    }
}

impl<T> fmt::Debug for Listing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").finish_non_exhaustive()
    }
}

impl<T> Stream for Listing<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
