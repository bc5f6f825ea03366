//! The client of Flyte's control plane, against doubles of FlyteAdmin and of an authorization server.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod calls;
mod constants;
mod double;
mod logins;
mod recorded;
mod references;
mod registrations;
mod speed;
mod uploads;
mod verbs;
