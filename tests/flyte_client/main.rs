//! The client of Flyte's control plane, against doubles of FlyteAdmin and of an authorization server.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod calls;
mod constants;
mod double;
mod executions;
mod launches;
mod logins;
#[cfg(feature = "servers")]
mod provider;
mod recorded;
mod references;
mod registrations;
mod remotely;
mod speed;
mod uploads;
mod verbs;
mod watched;
