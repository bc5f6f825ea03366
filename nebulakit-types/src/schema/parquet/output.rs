//! What is finished of a file, until it is stored.
//!
//! Pages are the bulk of a file, and they are in memory already when they are written: they go on as they are, without a copy.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parquet::column::page_store::{InMemoryPageStore, PageKey, PageStore, PageStoreArgs, PageStoreFactory};

use crate::Bytes;

/// Bytes per piece of what is not a page: 1 MiB.
const PIECE: usize = 1024 * 1024;

/// The bytes of the file that have not been taken yet, in pieces, so that they can be stored one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Output(Arc<Mutex<Pieces>>);

#[derive(Debug, Default)]
struct Pieces {
    full: Vec<Bytes>,
    last: Vec<u8>,
    /// The page that is to be written next.
    page: Bytes,
}

impl Output {
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Vec<Bytes> {
        let mut pieces = self.pieces();
        pieces.close();
        std::mem::take(&mut pieces.full)
    }
}

impl Pieces {
    /// Ends the current piece, if there is one.
    fn close(&mut self) {
        let mut last = std::mem::take(&mut self.last);
        if !last.is_empty() {
            // A small table that is kept in memory should not hold room for a large one.
            last.shrink_to_fit();
            self.full.push(last.into());
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pieces = self.pieces();
        if !bytes.is_empty() && std::ptr::eq(&raw const *pieces.page, bytes) {
            pieces.close();
            let page = std::mem::take(&mut pieces.page);
            pieces.full.push(page);
            return Ok(bytes.len());
        }
        let some = &bytes[..bytes.len().min(PIECE - pieces.last.len())];
        pieces.last.extend_from_slice(some);
        if pieces.last.len() == PIECE {
            pieces.close();
        }
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl PageStoreFactory for Output {
    fn create(&self, _: &PageStoreArgs<'_>) -> parquet::errors::Result<Box<dyn PageStore>> {
        Ok(Box::new(Pages { store: InMemoryPageStore::default(), output: self.clone() }))
    }
}

/// The pages of a column of a row group.
struct Pages {
    store: InMemoryPageStore,
    output: Output,
}

impl PageStore for Pages {
    fn put(&mut self, page: Bytes) -> parquet::errors::Result<PageKey> {
        self.store.put(page)
    }

    /// A page is taken to be written at once: its memory is known again then.
    fn take(&mut self, key: PageKey) -> parquet::errors::Result<Bytes> {
        let page = self.store.take(key)?;
        self.output.pieces().page = page.clone();
        Ok(page)
    }

    fn memory_size(&self) -> usize {
        self.store.memory_size()
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufWriter;

    use super::*;

    #[test]
    fn pages_go_on_without_a_copy_between_what_is_written_around_them() {
        let output = Output::default();
        let mut pages = Pages { store: InMemoryPageStore::default(), output: output.clone() };
        let page = Bytes::from(vec![7; 100_000]);
        let key = pages.put(page.clone()).unwrap();
        let mut file = BufWriter::new(output.clone());
        file.write_all(b"header").unwrap();
        file.write_all(&pages.take(key).unwrap()).unwrap();
        file.write_all(b"footer").unwrap();
        file.flush().unwrap();
        let taken = output.take();
        assert_eq!(taken, [Bytes::from("header"), page.clone(), Bytes::from("footer")]);
        assert_eq!(taken[1].as_ptr(), page.as_ptr());
    }

    #[test]
    fn a_page_that_is_written_in_pieces_is_whole() {
        let output = Output::default();
        let mut pages = Pages { store: InMemoryPageStore::default(), output: output.clone() };
        let key = pages.put(Bytes::from("a page")).unwrap();
        let page = pages.take(key).unwrap();
        let mut file = output.clone();
        file.write_all(&page[..2]).unwrap();
        file.write_all(&page[2..]).unwrap();
        assert_eq!(output.take(), ["a page"]);
    }
}
