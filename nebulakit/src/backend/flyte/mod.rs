//! Flyte's control plane: its client, the login, and what is registered.
//!
//! | module | holds |
//! |---|---|
//! | `admin` | calls of FlyteAdmin: one gRPC call with its deadline, retries and errors |
//! | `auth` | the login, and the tokens that come of it |
//! | `client` | calls with the token that the control plane asks for |
//! | [`compile`] | graphs as what is registered |
//! | `error` | what is wrong with a call |
//! | `register` | the registration of what was compiled |

mod admin;
mod auth;
mod client;
pub mod compile;
mod error;
mod register;

pub use self::auth::{Login, Prompt};
pub use self::client::FlyteClient;
pub use self::error::{ClientError, ClientErrorKind};
pub use self::register::{Difference, EntityKind, Outcome, RegisterOptions, Registered, Registration};
