//! Checks from outside whether a store keeps the promises of [`Store`](nebulakit_types::storage::Store), through a [`Storage`] with that store.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use nebulakit_types::ErrorKind;
use nebulakit_types::storage::{PutOptions, Storage, child_url};

pub use super::broken::{Broken, NotConforming};

/// Objects of more than one part are longer than this: 8 MiB.
const PART: usize = 8 << 20;

/// A number of parts of which the first have been sent by the time the last is written, because fewer are held in memory.
const HELD: usize = 6;

/// How many objects are listed: more than the 1,000 that a page has in most stores.
const MANY: usize = 1_100;

/// How many objects are put at once.
const AT_ONCE: usize = 32;

/// How many writers store one object at once.
const WRITERS: usize = 8;

/// Names that are hard to write in a URL.
const ODD: [&str; 9] = ["with space", "100%", "a%20b", "a%2Fb", "a+b", "ü€😀", "q?x=1&y#z", "a:b@c", "'(!)*~"];

/// The result of one check.
type Check = Result<(), String>;

/// Checks every promise of the store that serves `prefix`, below which there must be nothing. It stores about 100 MiB there and deletes them. All
/// promises are checked, even after one is broken.
///
/// # Errors
/// The broken promises, each with what was found instead.
///
/// # Examples
/// ```
/// # use nebulakit::types::storage::Storage;
/// # use nebulakit::testing::store_conformance;
/// # #[tokio::main]
/// # async fn main() {
/// store_conformance::check(&Storage::memory(), "memory://below").await.unwrap();
/// # }
/// ```
pub async fn check(storage: &Storage, prefix: &str) -> Result<(), NotConforming> {
    let suite = Suite { storage, prefix };
    let mut broken = Vec::new();
    let mut note = |promise, found: Check| broken.extend(found.err().map(|found| Broken { promise, found }));
    note("an object that is absent is not a failure, and to read it is `NotFound`", suite.absent().await);
    note("an object is what was put, and its facts are its own", suite.present().await);
    note("a range is what lies in it, as far as the object goes", suite.ranges().await);
    note("an empty object is one", suite.empty().await);
    note("what is put replaces what was there", suite.overwritten().await);
    note("an object of many parts is whole, in the order of the parts", suite.large().await);
    note("nothing of an object is visible before it is finished", suite.unfinished().await);
    note("what is given up leaves nothing, and what was there before", suite.given_up().await);
    note("writers of one object leave that of one of them, whole", suite.writers().await);
    note("a key is any text that a URL can hold", suite.odd_keys().await);
    note("a listing has what lies below a prefix and its slash, and nothing else", suite.listed().await);
    note("a level has its objects and the names of prefixes", suite.level().await);
    note("a listing goes on from page to page, and names each key once", suite.pages().await);
    note("a prefix below which nothing is has an empty listing", suite.nothing_listed().await);
    note("what is deleted is gone, and what is absent counts as deleted", suite.deleted().await);
    note("a prefix is not an object", suite.prefix_is_no_object().await);
    note("all that was stored can be deleted", suite.clean().await);
    NotConforming::unless_kept("store", broken)
}

struct Suite<'a> {
    storage: &'a Storage,
    prefix: &'a str,
}

fn said<T>(what: &str, result: nebulakit_types::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{what} failed ({:?}): {error}", error.kind()))
}

fn expect(is_so: bool, found: impl FnOnce() -> String) -> Check {
    if is_so { Ok(()) } else { Err(found()) }
}

/// Bytes in which no two ranges are the same.
fn bytes(length: usize) -> Bytes {
    let mut bytes = Vec::with_capacity(length + 8);
    for number in 0..length.div_ceil(8) as u64 {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

fn differ(what: &str, found: &[u8], expected: &[u8]) -> Check {
    expect(found == expected, || {
        let at = found.iter().zip(expected).position(|(found, expected)| found != expected);
        let at = at.unwrap_or(found.len().min(expected.len()));
        format!("{what} has {} bytes instead of {}, and differs from byte {at} on", found.len(), expected.len())
    })
}

impl Suite<'_> {
    fn url(&self, name: &str) -> String {
        child_url(self.prefix, name)
    }

    async fn put(&self, name: &str, content: impl Into<Bytes>) -> Result<String, String> {
        let url = self.url(name);
        said(&format!("to put `{name}`"), self.storage.put(&url, vec![content.into()], &PutOptions::default()).await)?;
        Ok(url)
    }

    async fn holds(&self, name: &str, expected: &[u8]) -> Check {
        differ(&format!("`{name}`"), &said(&format!("to get `{name}`"), self.storage.get(&self.url(name)).await)?, expected)
    }

    async fn absent(&self) -> Check {
        let url = self.url("absent");
        let found = said("to look at what is absent", self.storage.stat(&url).await)?;
        expect(found.is_none(), || format!("facts of what is absent: {found:?}"))?;
        let found = said("to get what may be absent", self.storage.get_if_exists(&url).await)?;
        expect(found.is_none(), || "bytes of what is absent".to_owned())?;
        for (what, kind) in [
            ("get", self.storage.get(&url).await.err().map(|error| error.kind())),
            ("read", self.storage.read(&url, ..).await.err().map(|error| error.kind())),
            ("a range", self.storage.read_range(&url, 0..1).await.err().map(|error| error.kind())),
        ] {
            expect(kind == Some(ErrorKind::NotFound), || format!("{what}: expected `NotFound`, found {kind:?}"))?;
        }
        Ok(())
    }

    async fn present(&self) -> Check {
        let whole = bytes(100_000);
        let url = self.put("present", whole.clone()).await?;
        let meta = said("to look at it", self.storage.stat(&url).await)?.ok_or("no facts of what was put")?;
        expect(meta.size == 100_000, || format!("its length is said to be {} and is 100000", meta.size))?;
        self.holds("present", &whole).await?;
        let reading = said("to read it", self.storage.read(&url, ..).await)?;
        let (size, range) = (reading.meta().size, reading.range());
        expect(size == 100_000 && range == (0..100_000), || format!("what is read has {size} bytes, of which {range:?} come"))?;
        let read: Vec<Bytes> = said("to read it to its end", reading.try_collect().await)?;
        differ("what is read", &read.concat(), &whole)
    }

    async fn ranges(&self) -> Check {
        let whole = bytes(100_000);
        let url = self.put("ranges", whole.clone()).await?;
        for (start, end) in [(0, 1), (0, 1024), (77, 50_001), (99_999, 100_000), (90_000, 200_000), (0, 100_000)] {
            let what = format!("the range {start}..{end}");
            let reading = said(&what, self.storage.read(&url, start..end).await)?;
            let found: Vec<Bytes> = said(&what, reading.try_collect().await)?;
            differ(&what, &found.concat(), &whole[start as usize..end.min(100_000) as usize])?;
        }
        let reading = said("to read from 99990 on", self.storage.read(&url, 99_990..).await)?;
        let found: Vec<Bytes> = said("to read from 99990 on", reading.try_collect().await)?;
        differ("what comes from 99990 on", &found.concat(), &whole[99_990..])?;
        let kind = self.storage.read(&url, 100_001..).await.err().map(|error| error.kind());
        expect(kind == Some(ErrorKind::OutOfRange), || format!("beyond the end: expected `OutOfRange`, found {kind:?}"))
    }

    async fn empty(&self) -> Check {
        let url = self.put("empty", Bytes::new()).await?;
        self.holds("empty", b"").await?;
        let size = said("to look at it", self.storage.stat(&url).await)?.map(|meta| meta.size);
        expect(size == Some(0), || format!("its length is {size:?}"))?;
        let reading = said("to read it", self.storage.read(&url, ..).await)?;
        let found: Vec<Bytes> = said("to read it to its end", reading.try_collect().await)?;
        differ("what is read", &found.concat(), b"")
    }

    async fn overwritten(&self) -> Check {
        for text in ["the first and longer text", "the second", ""] {
            self.put("overwritten", text).await?;
            self.holds("overwritten", text.as_bytes()).await?;
        }
        Ok(())
    }

    async fn large(&self) -> Check {
        let (url, whole) = (self.url("large"), bytes(3 * PART + 5));
        let mut writer = said("to begin it", self.storage.create(&url, &PutOptions::default()).await)?;
        for piece in whole.chunks(1_000_000) {
            said("to write it", writer.write(whole.slice_ref(piece)).await)?;
        }
        said("to finish it", writer.finish().await)?;
        self.holds("large", &whole).await?;
        let found = said("to read where two parts meet", self.storage.read_range(&url, PART as u64 - 3..PART as u64 + 3).await)?;
        differ("where two parts meet", &found, &whole[PART - 3..PART + 3])
    }

    async fn unfinished(&self) -> Check {
        let (url, whole) = (self.url("unfinished"), bytes(HELD * PART + 1));
        let mut writer = said("to begin it", self.storage.create(&url, &PutOptions::default()).await)?;
        said("to write it", writer.write(whole.clone()).await)?;
        let found = said("to look at it", self.storage.stat(&url).await)?;
        expect(found.is_none(), || format!("it is there before it is finished, with {:?} bytes", found.map(|meta| meta.size)))?;
        let listed = said("to list", self.storage.list(self.prefix).await)?;
        expect(!listed.iter().any(|object| object.key.starts_with("unfinished")), || "it is listed before it is finished".to_owned())?;
        said("to finish it", writer.finish().await)?;
        self.holds("unfinished", &whole).await
    }

    async fn given_up(&self) -> Check {
        self.put("kept", "kept").await?;
        for name in ["given-up", "kept"] {
            for is_dropped in [true, false] {
                let mut writer = said("to begin it", self.storage.create(&self.url(name), &PutOptions::default()).await)?;
                said("to write it", writer.write(bytes(PART + 1)).await)?;
                if is_dropped { drop(writer) } else { said("to abort it", writer.abort().await)? }
            }
        }
        let found = said("to look at it", self.storage.stat(&self.url("given-up")).await)?;
        expect(found.is_none(), || "what was given up is there".to_owned())?;
        self.holds("kept", b"kept").await
    }

    async fn writers(&self) -> Check {
        let texts: Vec<Bytes> = (0..WRITERS).map(|number| vec![b'a' + number as u8; 50_000 + number].into()).collect();
        for written in join_all(texts.iter().map(|text| self.put("contended", text.clone()))).await {
            written?;
        }
        let found = said("to get it", self.storage.get(&self.url("contended")).await)?;
        expect(texts.contains(&found), || format!("it has {} bytes, which none of the writers wrote", found.len()))
    }

    async fn odd_keys(&self) -> Check {
        for name in ODD {
            self.put(&format!("odd/{name}"), name).await?;
        }
        for name in ODD {
            self.holds(&format!("odd/{name}"), name.as_bytes()).await?;
        }
        let mut expected = ODD.to_vec();
        expected.sort_unstable();
        self.lists("odd", &expected).await
    }

    /// Checks the keys below a prefix.
    async fn lists(&self, below: &str, expected: &[&str]) -> Check {
        let found = said(&format!("to list `{below}`"), self.storage.list(&self.url(below)).await)?;
        let mut keys: Vec<&str> = found.iter().map(|object| object.key.as_str()).collect();
        keys.sort_unstable();
        expect(keys == expected, || format!("below `{below}`: expected {expected:?}, found {keys:?}"))?;
        for object in &found {
            let meta = said(&format!("to look at `{}`", object.key), self.storage.stat(&object.url).await)?;
            let size = meta.map(|meta| meta.size);
            expect(size == Some(object.size), || format!("`{}` is listed with {} bytes and has {size:?}", object.key, object.size))?;
        }
        Ok(())
    }

    async fn listed(&self) -> Check {
        for name in ["list/b", "list/a/z", "list/a/b/c", "list/aa", "list-beside", "listed"] {
            self.put(name, name.to_owned()).await?;
        }
        for below in ["list", "list/"] {
            self.lists(below, &["a/b/c", "a/z", "aa", "b"]).await?;
        }
        self.lists("list/a", &["b/c", "z"]).await
    }

    async fn level(&self) -> Check {
        for (below, objects, prefixes) in [("list", &["aa", "b"][..], &["a"][..]), ("list/a", &["z"], &["b"])] {
            let level = said(&format!("to list one level of `{below}`"), self.storage.list_level(&self.url(below)).await)?;
            let found: Vec<&str> = level.objects.iter().map(|object| object.key.as_str()).collect();
            expect(found == objects && level.prefixes == prefixes, || {
                format!("of `{below}`: expected {objects:?} and {prefixes:?}, found {found:?} and {:?}", level.prefixes)
            })?;
        }
        Ok(())
    }

    async fn pages(&self) -> Check {
        let names: Vec<String> = (0..MANY).map(|number| format!("{number:04}")).collect();
        for some in names.chunks(AT_ONCE) {
            let puts = some.iter().map(|name| async move { self.put(&format!("many/{name}"), "x").await });
            for put in join_all(puts).await {
                put?;
            }
        }
        let found = said("to list them", self.storage.list(&self.url("many")).await)?;
        let found: Vec<&str> = found.iter().map(|object| object.key.as_str()).collect();
        let first = found.iter().zip(&names).find(|(found, name)| *found != name).map(|(found, name)| format!(", `{found}` for `{name}`"));
        expect(found == names, || format!("expected {MANY} keys, found {}{}", found.len(), first.unwrap_or_default()))
    }

    async fn nothing_listed(&self) -> Check {
        for below in ["nothing", "nothing/at/all/", "lis"] {
            self.lists(below, &[]).await?;
            let level = said(&format!("to list one level of `{below}`"), self.storage.list_level(&self.url(below)).await)?;
            expect(level.objects.is_empty() && level.prefixes.is_empty(), || format!("below `{below}`: {level:?}"))?;
        }
        Ok(())
    }

    async fn deleted(&self) -> Check {
        let url = self.put("deleted", "x").await?;
        for time in ["the first time", "the second time"] {
            said(&format!("to delete it {time}"), self.storage.delete(&url).await)?;
            let found = said("to look at it", self.storage.stat(&url).await)?;
            expect(found.is_none(), || format!("it is there, deleted {time}"))?;
        }
        said("to delete what never was", self.storage.delete(&self.url("never")).await)
    }

    async fn prefix_is_no_object(&self) -> Check {
        let found = said("to look at a prefix", self.storage.stat(&self.url("list/a")).await)?;
        expect(found.is_none(), || "it has facts".to_owned())
    }

    async fn clean(&self) -> Check {
        let all = said("to list all", self.storage.list(self.prefix).await)?;
        for some in all.chunks(AT_ONCE) {
            for deleted in join_all(some.iter().map(|object| self.storage.delete(&object.url))).await {
                said("to delete", deleted)?;
            }
        }
        let left = said("to list all", self.storage.list(self.prefix).await)?;
        expect(left.is_empty(), || format!("{} objects are left", left.len()))
    }
}
