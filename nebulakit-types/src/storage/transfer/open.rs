//! One object or a part of it, by one request.

use super::super::content::{Content, Extent};
use super::super::handle::Storage;
use super::super::object::Answer;
use super::super::stores::Located;
use crate::{ErrorKind, Result};

impl Storage {
    /// Opens an object, if there is one. Of the version named by an etag, where one is given: else [`ErrorKind::Changed`].
    pub(in super::super) async fn open(&self, place: &Located, extent: &Extent, version: Option<&str>) -> Result<Answer<Content>> {
        self.ask(place, || place.store.get(&place.address, extent, version)).await
    }

    /// Opens an object from its beginning on, where an empty one has no range that a store could give.
    pub(super) async fn open_start(&self, place: &Located, extent: &Extent) -> Result<Content> {
        let opened = match self.open(place, extent, None).await {
            Err(error) if error.kind() == ErrorKind::OutOfRange => self.open(place, &Extent::All, None).await,
            opened => opened,
        };
        opened?.there(place.address.url())
    }
}
