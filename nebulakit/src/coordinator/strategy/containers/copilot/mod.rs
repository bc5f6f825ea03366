//! Inputs and outputs of a container task as files, laid out as Flyte's copilot does, and the command that is run between them.
//!
//! Literals → [`inputs::complete`] → [`laid_out`] files, and the rendered [`command`] → the program → [`collected`] files → literals. What is
//! written for each type, and what is read back, is what the copilot's own code did in `tests/golden/copilot`.

mod collected;
mod command;
mod go;
mod inputs;
mod laid_out;
mod shown;

pub(crate) use self::collected::{Collected, collect, said};
pub(crate) use self::command::command;
pub(crate) use self::inputs::{complete, fetch};
pub(crate) use self::laid_out::lay_out;
