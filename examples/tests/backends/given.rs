//! Values, with digests in place of the URIs of data.

use std::fs;
use std::path::Path;

use nebulakit::types::Literal;
use nebulakit::types::literal::{LiteralValue, Primitive};
use sha2::{Digest as _, Sha256};

/// The value with the SHA-256 of what is there in place of each URI. Relative paths are of `folder`.
pub(crate) fn with_digests(literal: Literal, folder: &Path) -> Literal {
    let within = |literal| with_digests(literal, folder);
    let value = match literal.value {
        LiteralValue::Blob { uri, blob_type } => LiteralValue::Blob { uri: digest(&uri, folder), blob_type },
        LiteralValue::Schema { uri, schema_type } => LiteralValue::Schema { uri: digest(&uri, folder), schema_type },
        LiteralValue::StructuredDataset { uri, dataset_type } => {
            LiteralValue::StructuredDataset { uri: digest(&uri, folder), dataset_type }
        }
        LiteralValue::Offloaded { uri, size_bytes, inferred_type } => {
            LiteralValue::Offloaded { uri: digest(&uri, folder), size_bytes, inferred_type }
        }
        LiteralValue::Binary { value, tag } => LiteralValue::Binary { value, tag },
        LiteralValue::Union { value, variant } => LiteralValue::Union { value: Box::new(within(*value)), variant },
        LiteralValue::Collection(elements) => LiteralValue::Collection(elements.into_iter().map(within).collect()),
        LiteralValue::Map(entries) => LiteralValue::Map(entries.into_iter().map(|(key, value)| (key, within(value))).collect()),
        // A path as text.
        LiteralValue::Primitive(Primitive::String(text)) => {
            LiteralValue::Primitive(Primitive::String(text.replace(folder.to_str().unwrap(), "")))
        }
        value => value,
    };
    Literal { value, ..literal }
}

fn digest(uri: &str, folder: &Path) -> String {
    let path = folder.join(uri.strip_prefix("file://").unwrap_or(uri));
    assert!(path.exists(), "{uri} is not there");
    let mut hash = Sha256::new();
    add(&mut hash, &path);
    let hash = hash.finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file's bytes, or the names and bytes of a folder's files.
fn add(hash: &mut Sha256, path: &Path) {
    if !path.is_dir() {
        hash.update(fs::read(path).unwrap());
        return;
    }
    let mut names: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        hash.update(name.as_encoded_bytes());
        add(hash, &path.join(name));
    }
}
