//! From a URL to its bytes: one door to local files, S3, Google Cloud Storage, Azure Blob Storage, http(s) and memory.
//!
//! A [`Storage`] is told everything by its [`StorageConfig`] and reads no environment. Making one does no I/O; a store is made when a URL
//! first leads to it and kept for the next. This module is the only place that names `object_store`, and it is in the tree only with one of the
//! features `aws`, `gcp`, `azure` and `http`; local paths and `memory://` need none of them.
//!
//! | URL | served by |
//! |---|---|
//! | a path, `file:///path` (percent-decoded) | `std::fs`, on the calling thread |
//! | `memory://key` | this [`Storage`] and its clones, for tests |
//! | `s3://bucket/key`, `s3a://` | feature `aws` |
//! | `gs://bucket/key`, `gcs://` | feature `gcp` |
//! | `abfs://container@account.dfs.core.windows.net/key`, `abfs://container/key`, `abfss://`, `az://`, `wasb://`, `wasbs://` | feature `azure` |
//! | `http://`, `https://` (read only) | feature `http` |
//!
//! [`UrlAliases`] in the configuration have URLs stand for others, by the longest prefix that is registered. A [`Store`] of one's own serves the
//! schemes that it names: [`Storage::builder`].
//!
//! Credentials go to the hosts that the configuration names, and to the clouds' own; `docs/data.md` has a table of them. Redirects of the clouds
//! are errors; those of web addresses are followed without what was meant for the first host, and not to what only this machine reaches.
//!
//! The clouds need a tokio runtime with I/O and time; the rest runs under any executor.

mod address;
mod aliases;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
mod backoff;
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "only stores that are asked by HTTP ask for less"))]
mod budget;
mod builder;
#[cfg(feature = "client")]
mod checksum;
#[cfg(feature = "cloud")]
mod cloud;
mod config;
mod content;
mod deadline;
#[cfg(feature = "client")]
mod fault;
mod file_fault;
#[cfg(feature = "gcp")]
mod gcp;
mod handle;
mod keys;
mod local;
mod location;
mod memory;
mod object;
mod page;
mod progress;
mod provider;
#[cfg(feature = "client")]
mod roots;
mod shown;
mod store;
mod store_set;
mod stores;
mod transfer;
#[cfg(feature = "client")]
mod transport;
#[cfg(feature = "http")]
mod web;
#[cfg(feature = "http")]
mod web_fault;
mod words;

pub use self::address::Address;
pub use self::aliases::UrlAliases;
#[cfg(feature = "aws")]
#[doc(hidden)]
pub use self::aws::{AwsAccount, AwsKeys};
pub use self::builder::StorageBuilder;
pub use self::config::{AddressingStyle, AzureConfig, Environment, GcsConfig, S3Config, StorageConfig};
pub use self::content::{Chunks, Content, Extent, Payload};
pub use self::handle::Storage;
pub(crate) use self::keys::{leading_out, name_fault};
pub(crate) use self::local::kind_of;
#[cfg(feature = "schema")]
pub(crate) use self::local::read_at;
pub use self::local::{open_file, read_file};
pub use self::location::{child_url, join, local_path};
pub use self::object::{Answer, Level, ObjectInfo, ObjectMeta, PutOptions, Symlinks, Transferred, TreeOptions};
pub(crate) use self::page::Below;
#[cfg(feature = "schema")]
pub(crate) use self::page::Gap;
pub use self::page::{Depth, Page};
pub use self::progress::{Counts, Progress};
pub use self::provider::install_crypto_provider;
pub use self::shown::{shown, shown_in};
pub(crate) use self::shown::{shown_path, without_query};
pub use self::store::{Pending, Resilience, Store, Upload};
#[doc(hidden)]
pub use self::store_set::StoreSet;
pub use self::transfer::{ObjectWriter, Reading};
#[cfg(feature = "client")]
pub(crate) use self::{
    roots::{Trust, install, tls},
    transport::{caused_by, innermost, tls_text},
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_can_move_between_threads() {
        fn send<T: Send>(_: T) {}
        let storage = Storage::memory();
        let options = PutOptions::default();
        send(storage.get("memory://a"));
        send(storage.get_if_exists("memory://a"));
        send(storage.put("memory://a", Vec::new(), &options));
        send(storage.exists("memory://a"));
        send(storage.list("memory://a"));
        send(storage.delete("memory://a"));
    }
}
