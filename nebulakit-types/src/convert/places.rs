//! Where the data of inputs is: files, directories, tables, and literals in files of their own.

use std::path::PathBuf;

use super::msgpack::Unpacker;
use super::reader::{Entries, Fields, MAX_DEPTH, References, Seen, Wire, corrupt, utf8, visit};
use super::untyped::{Untyped, from_generic};
use crate::Result;
use crate::storage::local_path;

/// Where data is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A path of this machine.
    Here(PathBuf),
    /// A URL of a store.
    Elsewhere(String),
}

impl Place {
    /// Where a URL or a path leads; [`None`] where it is empty.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        if url.is_empty() {
            return None;
        }
        Some(local_path(url).map_or_else(|| Self::Elsewhere(url.to_owned()), Self::Here))
    }
}

/// The places of all data of `inputs`, the bytes of an `inputs.pb`, at any depth: each once, in order.
///
/// # Errors
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when the bytes are not inputs, [`ErrorKind::TooDeep`](crate::ErrorKind::TooDeep) beyond [`MAX_DEPTH`].
pub fn places(inputs: &[u8]) -> Result<Vec<Place>> {
    let mut found = Found(Vec::new());
    let mut entries = Entries::of_map(inputs, References::none());
    while let Some((_, literal)) = entries.next()? {
        visit(literal.bytes(), &mut |seen, _| found.see(seen))?;
    }
    found.0.sort();
    found.0.dedup();
    Ok(found.0)
}

struct Found(Vec<Place>);

impl Found {
    fn url(&mut self, url: &str) {
        self.0.extend(Place::of(url));
    }

    fn see(&mut self, seen: Seen<'_>) -> Result<()> {
        match seen {
            Seen::Offloaded { uri, .. } => self.url(uri),
            Seen::Blob(blob) => self.url(blob.uri),
            Seen::Scalar(3, binary) => self.binary(binary)?,
            Seen::Scalar(4 | 8, table) => self.table(table)?,
            Seen::Scalar(7, generic) => self.untyped(&from_generic(generic)?),
            Seen::Scalar(..) => {}
        }
        Ok(())
    }

    fn table(&mut self, table: &[u8]) -> Result<()> {
        let mut fields = Fields::new(table);
        while let Some(field) = fields.next()? {
            if let (1, Wire::Bytes(url)) = field {
                self.url(utf8(url)?);
            }
        }
        Ok(())
    }

    fn binary(&mut self, binary: &[u8]) -> Result<()> {
        let (mut value, mut tag): (&[u8], &[u8]) = (&[], &[]);
        let mut fields = Fields::new(binary);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(bytes)) => value = bytes,
                (2, Wire::Bytes(bytes)) => tag = bytes,
                _ => {}
            }
        }
        if tag == b"msgpack" {
            let untyped = Untyped::unpack_at(&mut Unpacker::new(value), MAX_DEPTH).map_err(|error| corrupt(error.to_string()))?;
            self.untyped(&untyped);
        }
        Ok(())
    }

    /// Files, directories and tables inside of structs are maps, by the names of every sender.
    fn untyped(&mut self, value: &Untyped) {
        match value {
            Untyped::List(elements) => elements.iter().for_each(|element| self.untyped(element)),
            Untyped::Map(entries) => {
                for (key, value) in entries {
                    match (key, value) {
                        (Untyped::String(key), Untyped::String(url)) if ["path", "uri", "remote_path"].contains(&key.as_str()) => {
                            self.url(url)
                        }
                        (_, value) => self.untyped(value),
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::wire::flyteidl::core;

    fn inputs(literals: &[core::Literal]) -> Vec<u8> {
        let literals = literals.iter().enumerate().map(|(at, literal)| (format!("x{at}"), literal.clone()));
        core::LiteralMap { literals: literals.collect() }.encode_to_vec()
    }

    fn blob(uri: &str) -> core::Literal {
        let blob = core::Blob { uri: uri.to_owned(), ..core::Blob::default() };
        scalar(core::scalar::Value::Blob(blob))
    }

    fn scalar(value: core::scalar::Value) -> core::Literal {
        core::Literal {
            value: Some(core::literal::Value::Scalar(Box::new(core::Scalar { value: Some(value) }))),
            ..core::Literal::default()
        }
    }

    #[test]
    fn data_is_found_at_any_depth() {
        let list = core::LiteralCollection { literals: vec![blob("s3://b/x"), blob("/a/b c"), blob("file:///a/d%20e"), blob("")] };
        let list = core::Literal { value: Some(core::literal::Value::Collection(list)), ..core::Literal::default() };
        let packed = rmp_of(&[("note", "/not/data"), ("path", "/in/a/struct")]);
        let binary = scalar(core::scalar::Value::Binary(core::Binary { value: packed, tag: "msgpack".to_owned() }));
        let table =
            scalar(core::scalar::Value::StructuredDataset(core::StructuredDataset { uri: "/table".to_owned(), ..Default::default() }));
        let here = |path: &str| Place::Here(PathBuf::from(path));
        assert_eq!(
            places(&inputs(&[list, binary, table, blob("/a/b c")])).unwrap(),
            [here("/a/b c"), here("/a/d e"), here("/in/a/struct"), here("/table"), Place::Elsewhere("s3://b/x".to_owned())]
        );
        assert!(places(&[0xff]).is_err());
    }

    fn rmp_of(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut packed = vec![0x80 | u8::try_from(entries.len()).unwrap()];
        for text in entries.iter().flat_map(|(key, value)| [key, value]) {
            packed.push(0xa0 | u8::try_from(text.len()).unwrap());
            packed.extend_from_slice(text.as_bytes());
        }
        packed
    }
}
