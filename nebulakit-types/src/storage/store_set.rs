//! Stores of one's own, checked before a storage is made of them.

use std::sync::Arc;

use super::location::split_scheme;
use super::store::Store;
use crate::{Error, ErrorKind, Result};

/// Stores of one's own, each beside a scheme that it serves.
#[derive(Debug, Clone, Default)]
pub struct StoreSet(pub(super) Vec<(String, Arc<dyn Store>)>);

impl StoreSet {
    /// Stores that can be served side by side.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a scheme that two of the stores have, that is not one, or that is `file`.
    pub fn new(stores: impl IntoIterator<Item = Arc<dyn Store>>) -> Result<Self> {
        let mut set = Self::default();
        stores.into_iter().try_for_each(|store| set.add(&store))?;
        Ok(set)
    }

    fn add(&mut self, store: &Arc<dyn Store>) -> Result<()> {
        let schemes = store.schemes();
        if schemes.is_empty() {
            return Err(Error::new(ErrorKind::Url, format!("the store {store:?} names no scheme")));
        }
        for scheme in schemes {
            let refused = |why: &str| Err(Error::new(ErrorKind::Url, format!("`{scheme}` cannot be the scheme of {store:?}: {why}")));
            let is_scheme = split_scheme(&format!("{scheme}://")).is_some() && !scheme.chars().any(|c| c.is_ascii_uppercase());
            if !is_scheme {
                return refused("a scheme is a small letter, then small letters, digits, `+`, `-` and `.`");
            }
            if scheme == "file" {
                return refused("files of this machine are where their paths say");
            }
            if let Some((_, other)) = self.0.iter().find(|(known, _)| *known == scheme) {
                return refused(&format!("{other:?} has it"));
            }
            self.0.push((scheme, store.clone()));
        }
        Ok(())
    }
}
