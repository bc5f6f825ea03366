//! Flyte's control plane: its client, the login, and what is registered.
//!
//! | module | holds |
//! |---|---|
//! | `admin` | calls of FlyteAdmin: one gRPC call with its deadline, retries and errors |
//! | `auth` | the login, and the tokens that come of it |
//! | `client` | calls with the token that the control plane asks for |
//! | `error` | what is wrong with a call |

mod admin;
mod auth;
mod client;
mod error;

pub use self::auth::{Login, Prompt};
pub use self::client::FlyteClient;
pub use self::error::{ClientError, ClientErrorKind};
