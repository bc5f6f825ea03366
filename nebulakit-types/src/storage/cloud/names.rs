//! Keys as paths of `object_store`, and what an object says of itself as its attributes.

use object_store::path::{Path, PathPart};
use object_store::{Attribute, Attributes};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::super::config::StorageConfig;
use super::super::keys::LONGEST;
use super::super::object::{ObjectMeta, PutOptions};
use super::super::shown::shown;
use super::bucket::{Kind, Place};
use crate::{Error, ErrorKind, Result};

/// What a header cannot hold, and `%`, so that it can be undone.
const NO_HEADER: &AsciiSet = &CONTROLS.add(b'%');

pub(super) fn object_path(place: &Place<'_>) -> Result<Path> {
    if place.key.is_empty() {
        return Err(Error::new(ErrorKind::Url, format!("`{}` names a bucket, not an object in it", shown(place.url))));
    }
    key_path(place, &place.key)
}

/// The same of an object that is to be stored: what it cannot be called is said of its name.
pub(super) fn new_object_path(place: &Place<'_>) -> Result<Path> {
    if place.key.len() > LONGEST {
        let text = format!("`{}`: the key has {} bytes, and object stores take {LONGEST} at most", shown(place.url), place.key.len());
        return Err(Error::new(ErrorKind::Name, text));
    }
    object_path(place).map_err(|error| if place.key.is_empty() { error } else { error.of_kind(ErrorKind::Name) })
}

/// The key, verbatim. `Path::from` would escape some characters and drop empty segments, and so name another object.
pub(super) fn key_path(place: &Place<'_>, key: &str) -> Result<Path> {
    let fault = |why: &str| Error::new(ErrorKind::Url, format!("{:?}: {why}", shown(place.url)));
    if key.starts_with('/') {
        return Err(fault("keys that begin with a slash cannot be reached"));
    }
    key.split('/').filter(|_| !key.is_empty()).try_fold(Path::ROOT, |path, segment| {
        let segment = PathPart::parse(segment)
            .map_err(|_| fault("a key with a control character, or with `.` or `..` between slashes, cannot be reached"))?;
        Ok(path.join(segment))
    })
}

pub(super) fn attributes(kind: &Kind, config: &StorageConfig, options: &PutOptions) -> Result<Attributes> {
    let header = |text: &str| utf8_percent_encode(text, NO_HEADER).to_string();
    let mut attributes = Attributes::new();
    let named = [(Attribute::ContentType, &options.content_type), (Attribute::ContentEncoding, &options.content_encoding)];
    for (name, text) in named {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            attributes.insert(name, header(text).into());
        }
    }
    for (name, value) in config.metadata.iter().chain(&options.metadata) {
        let name = if kind.metadata_identifiers { name.replace('-', "_") } else { name.clone() };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            let text = format!("`{name}` cannot name metadata of an object: letters, digits, `-`, `_` and `.` can");
            return Err(Error::new(ErrorKind::Unencodable, text));
        }
        attributes.insert(Attribute::Metadata(name.into()), header(value).into());
    }
    Ok(attributes)
}

/// The facts of an object, from what a store answers.
pub(super) fn facts(meta: &object_store::ObjectMeta, attributes: &Attributes) -> ObjectMeta {
    let mut facts = ObjectMeta { size: meta.size, etag: meta.e_tag.clone(), ..ObjectMeta::default() };
    // The beginning of time is how the client says that the store did not say.
    facts.modified = Some(meta.last_modified.into()).filter(|time| *time != std::time::UNIX_EPOCH);
    for (name, value) in attributes {
        match name {
            Attribute::ContentType => facts.content_type = Some(value.to_string()),
            Attribute::ContentEncoding => facts.content_encoding = Some(value.to_string()),
            Attribute::Metadata(name) => {
                facts.metadata.insert(name.to_string(), percent_decode_str(value).decode_utf8_lossy().into_owned());
            }
            _ => {}
        }
    }
    facts
}
