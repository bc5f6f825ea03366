//! The client of Flyte's control plane, against doubles of FlyteAdmin and of an authorization server.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod calls;
mod double;
mod executions;
mod logins;
mod recorded;
mod registrations;
mod verbs;
