//! Files as objects of a store.

use std::future::ready;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::super::address::Address;
use super::super::content::{Chunks, Content, Extent, Payload};
use super::super::file_fault::fault;
use super::super::location::path_of;
use super::super::object::{Answer, ObjectMeta, PutOptions};
use super::super::page::{Below, Depth, Page};
use super::super::shown::shown;
use super::super::store::{Pending, Resilience, Store, Upload};
use super::{Partial, Target, delete, get, level, open, read_at, stat, walk};
use crate::{Error, ErrorKind, Result};

/// How much of a file is read at a time.
pub(in super::super) const PIECE: u64 = 128 << 10;

/// The files of this machine: `file:` URLs and plain paths. All that it does is done when it is called.
#[derive(Debug)]
pub(in super::super) struct Local;

fn path(at: &Address) -> Result<PathBuf> {
    path_of(at.target())?.ok_or_else(|| Error::new(ErrorKind::Url, format!("`{}` names no file", shown(at.url()))))
}

fn done<'a, T: Send + 'a>(done: Result<T>) -> Pending<'a, T> {
    Box::pin(ready(done))
}

impl Local {
    fn content(at: &Address, extent: &Extent) -> Result<Option<Content>> {
        let path = path(at)?;
        let Some((file, meta)) = open(&path)? else { return Ok(None) };
        let range = extent.within(at.url(), meta.size)?;
        let end = range.end;
        let read = move |at: u64| {
            let bytes = read_at(&file, at, (end - at).min(PIECE) as usize).map_err(|error| fault("read", &path, error))?;
            let next = at + bytes.len() as u64;
            Ok((next > at).then_some((bytes, next)))
        };
        Ok(Some(Content::new(meta, range.clone(), Chunks::unfold(range.start, move |at| ready(read(at))))))
    }
}

impl Store for Local {
    fn schemes(&self) -> Vec<String> {
        vec!["file".to_owned()]
    }

    fn head<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<ObjectMeta>> {
        done(path(at).and_then(|path| stat(&path)).map(Answer::of))
    }

    fn get<'a>(&'a self, at: &'a Address, extent: &'a Extent, _version: Option<&'a str>) -> Pending<'a, Answer<Content>> {
        done(Self::content(at, extent).map(Answer::of))
    }

    fn get_whole<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<Bytes>> {
        done(path(at).and_then(|path| get(&path)).map(Answer::of))
    }

    fn begin<'a>(&'a self, at: &'a Address, _options: &'a PutOptions) -> Pending<'a, Arc<dyn Upload>> {
        let begun = path(at).and_then(|path| Partial::beside(&Target::at(&path)));
        done(begun.map(|partial| Arc::new(Writing(Arc::new(Mutex::new(Some(partial))))) as Arc<dyn Upload>))
    }

    fn put<'a>(&'a self, at: &'a Address, whole: Payload, _options: &'a PutOptions) -> Pending<'a, ()> {
        Box::pin(async move {
            let target = Target::at(&path(at)?);
            match whole.held() {
                Some(pieces) => target.put(pieces),
                None => target.put(&[whole.bytes().await?]),
            }
        })
    }

    fn list<'a>(&'a self, prefix: &'a Address, depth: Depth, _page: Option<&'a str>) -> Pending<'a, Page> {
        let listed = path(prefix).and_then(|root| {
            let mut page = Page::default();
            match depth {
                Depth::All => page.objects = walk(&root).collect::<Result<_, _>>().map_err(|gap| gap.error)?,
                Depth::One => {
                    for found in level(&root)? {
                        match found.map_err(|gap| gap.error)? {
                            Below::Object(name, size) => page.objects.push((name, size)),
                            Below::Prefix(name) => page.prefixes.push(name),
                        }
                    }
                }
            }
            Ok(page)
        });
        done(listed)
    }

    fn delete<'a>(&'a self, at: &'a Address) -> Pending<'a, ()> {
        done(path(at).and_then(|path| delete(&path)))
    }

    fn file(&self, at: &Address) -> Result<Option<PathBuf>> {
        path(at).map(Some)
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn resilience(&self) -> Resilience {
        Resilience::Everything
    }
}

/// A file that is written in the order of its parts.
#[derive(Debug)]
struct Writing(Arc<Mutex<Option<Partial>>>);

impl Upload for Writing {
    fn part(&self, _number: u32, bytes: Payload) -> Pending<'static, ()> {
        let write = |pieces: &[Bytes], partial: &Mutex<Option<Partial>>| match &*partial.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(partial) => {
                let written = pieces.iter().try_for_each(|piece| (&*partial.file).write_all(piece));
                written.map_err(|error| fault("write", partial.target(), error))
            }
            None => Ok(()),
        };
        match bytes.held() {
            // At once: parts are begun in their order, and who waits for them may do so in any.
            Some(pieces) => done(write(pieces, &self.0)),
            None => {
                let partial = self.0.clone();
                Box::pin(async move { write(&[bytes.bytes().await?], &partial) })
            }
        }
    }

    fn finish(&self) -> Pending<'_, ()> {
        let partial = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        done(partial.map_or(Ok(()), Partial::publish))
    }

    fn abort(&self) -> Pending<'_, ()> {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
        done(Ok(()))
    }
}
