//! Counted resources: what work asks for, and what it is granted.
//!
//! Cores, memory, GPUs and tokens are counted for all strategies of a coordinator together. What a job asks for comes from its [`Work`](super::Work), else
//! from the options of its task, else from its strategy. [`Limits`] say how much there is; a [`Stock`] what of it is free. Who gets it is the
//! queue's business.

mod asked;
mod granted;
mod kind;
mod limits;
pub(super) mod machine;
mod on_oom;
pub(super) mod shared;
mod stock;
#[cfg(feature = "run")]
pub(crate) mod tokens;

pub use self::asked::Resources;
pub(super) use self::asked::to_millicores;
pub use self::granted::Granted;
pub use self::kind::Resource;
pub(crate) use self::limits::Limits;
pub(super) use self::limits::{Demand, Refused};
pub(super) use self::on_oom::More;
pub use self::on_oom::OnOom;
pub(super) use self::stock::{Free, Held, Stock};
