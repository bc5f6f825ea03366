//! Reading a file: as an `AsyncRead`, and from code that blocks.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::File;
use crate::blocking::wait;
use crate::storage::{ObjectMeta, Reading};
use crate::{AwaitOrBlocking, Error, Result};

/// An open file, read from its beginning to its end: an [`AsyncRead`] and an [`AsyncBufRead`], whose `lines()` is the way to read text.
#[derive(Debug)]
pub struct FileReader {
    reading: Reading,
    piece: Bytes,
}

impl<F> File<F> {
    /// Opens the file for reading from its beginning. One request.
    ///
    /// In code that is not async: `file.blocking().open()`, which is a [`std::io::Read`] and [`std::io::BufRead`].
    ///
    /// # Errors
    /// Those of [`File::stream`].
    pub fn open(&self) -> AwaitOrBlocking<'_, FileReader> {
        AwaitOrBlocking::new(async move { Ok(FileReader::new(self.stream(..).await?)) })
    }

    /// The same calls for code that is not async, such as a task that is a plain `fn`: each waits, and gives its result at once.
    #[must_use]
    pub fn blocking(&self) -> BlockingFile<'_, F> {
        BlockingFile(self)
    }
}

impl FileReader {
    fn new(reading: Reading) -> Self {
        Self { reading, piece: Bytes::new() }
    }

    /// What the store said of the file.
    #[must_use]
    pub fn meta(&self) -> &ObjectMeta {
        self.reading.meta()
    }
}

impl AsyncBufRead for FileReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.piece.is_empty() {
            match this.reading.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(piece))) => this.piece = piece,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(io::Error::other(error))),
                Poll::Ready(None) => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(&this.piece))
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.piece.advance(amount);
    }
}

impl AsyncRead for FileReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piece = match self.as_mut().poll_fill_buf(cx) {
            Poll::Ready(piece) => piece?,
            Poll::Pending => return Poll::Pending,
        };
        let amount = piece.len().min(buffer.remaining());
        buffer.put_slice(&piece[..amount]);
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

/// The calls of a [`File`] for code that is not async, such as a task that is a plain `fn`; see [`File::blocking`].
///
/// # Panics
/// All of them, in async code.
#[derive(Debug)]
pub struct BlockingFile<'a, F>(pub(super) &'a File<F>);

impl<'a, F> BlockingFile<'a, F> {
    /// As [`File::read_bytes`].
    ///
    /// # Errors
    /// As there.
    pub fn read_bytes(&self) -> Result<Bytes> {
        wait(self.0.read_bytes())
    }

    /// As [`File::read_to_string`].
    ///
    /// # Errors
    /// As there.
    pub fn read_to_string(&self) -> Result<String> {
        wait(self.0.read_to_string())
    }

    /// As [`File::read_up_to`].
    ///
    /// # Errors
    /// As there.
    pub fn read_up_to(&self, limit: u64) -> Result<Bytes> {
        wait(self.0.read_up_to(limit))
    }

    /// As [`File::stat`].
    ///
    /// # Errors
    /// As there.
    pub fn stat(&self) -> Result<ObjectMeta> {
        wait(self.0.stat())
    }

    /// As [`File::size`].
    ///
    /// # Errors
    /// As there.
    pub fn size(&self) -> Result<u64> {
        wait(self.0.size())
    }

    /// As [`File::range`].
    ///
    /// # Errors
    /// As there.
    pub fn range(&self, range: std::ops::Range<u64>) -> Result<Bytes> {
        wait(self.0.range(range))
    }

    /// As [`File::download`].
    ///
    /// # Errors
    /// As there.
    pub fn download(&self, path: impl AsRef<Path>) -> Result<u64> {
        wait(self.0.download(path))
    }

    /// As [`File::path`].
    ///
    /// # Errors
    /// As there.
    pub fn path(&self) -> Result<&'a Path> {
        wait(self.0.path())
    }

    /// As [`File::open`]: a [`std::io::Read`] and [`std::io::BufRead`].
    ///
    /// # Errors
    /// As there.
    pub fn open(&self) -> Result<BlockingReader> {
        Ok(BlockingReader { reading: wait(self.0.stream(..))?, piece: Bytes::new() })
    }
}

/// An open file for code that is not async.
#[derive(Debug)]
pub struct BlockingReader {
    reading: Reading,
    piece: Bytes,
}

impl io::BufRead for BlockingReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            let reading = &mut self.reading;
            match wait(async { Ok::<_, Error>(reading.next().await) }).and_then(Option::transpose).map_err(io::Error::other)? {
                Some(piece) => self.piece = piece,
                None => break,
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, amount: usize) {
        self.piece.advance(amount);
    }
}

impl io::Read for BlockingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = io::BufRead::fill_buf(self)?;
        let amount = piece.len().min(buffer.len());
        buffer[..amount].copy_from_slice(&piece[..amount]);
        io::BufRead::consume(self, amount);
        Ok(amount)
    }
}
