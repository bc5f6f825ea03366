//! AWS Batch: each attempt at a node is a job in a container, or an element of an array job, submitted and watched through the service's API.
//!
//! Jobs share no folder with the driver: plan, inputs, records and data are below a prefix of an object store (`data.prefix`). `definition` says a job's image and
//! shape, once for all jobs that are alike; `overrides` what each has of its own; `arrays` puts equal ones together; `submitting` hands them over; `state` and
//! `fault` read what Batch says; `client` and `http` reach it.

mod arrays;
mod backend;
mod client;
mod definition;
mod engine;
mod fault;
mod http;
mod overrides;
mod reach;
mod section;
mod settings;
mod shape;
mod state;
mod submitting;
mod variables;

pub use self::backend::AwsBatchBackend;
pub(crate) use self::backend::KIND;
