//! The clouds' stores, each made when a URL first leads to it and kept for the next; and what every operation on them has in common.

mod bucket;
mod endpoints;
mod fault;
mod names;
mod objects;
mod parts;
mod requests;
mod streams;

#[cfg(any(feature = "aws", feature = "azure"))]
pub(super) use self::bucket::Place;
#[cfg(any(feature = "aws", feature = "azure"))]
pub(super) use self::bucket::check_header;
pub(super) use self::bucket::{Bucket, Kind, Making, refused};
#[cfg(any(feature = "aws", feature = "gcp"))]
pub(super) use self::endpoints::check_bucket;
pub(super) use self::endpoints::endpoint_url;
#[cfg(feature = "aws")]
pub(super) use self::endpoints::{container_path, container_url};
#[cfg(any(feature = "aws", feature = "azure"))]
pub(super) use self::endpoints::{secret_url, service_url};
pub(super) use self::objects::Clouds;
