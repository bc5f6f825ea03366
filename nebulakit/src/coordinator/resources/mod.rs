//! Counted resources: what work asks for, and what it is granted.
//!
//! Cores, memory, GPUs and tokens are counted for all strategies of a coordinator together. What a job asks for comes from its [`Work`](super::Work), else
//! from the options of its task, else from its strategy.

mod asked;
mod granted;
mod quantity;

pub use self::asked::Resources;
pub(super) use self::asked::to_millicores;
pub use self::granted::Granted;
