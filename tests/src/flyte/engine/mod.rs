//! The engine: walks a compiled workflow, and really starts the command of each task.
//!
//! | module | step |
//! |---|---|
//! | `run` | one execution, and what is told of it (`records`) |
//! | `scope` | the nodes of one workflow: which may begin, what a failure does (`stop`, `failure`) |
//! | `nodes` | one node, from its inputs (`bindings`, `msgpack`) to its outputs |
//! | `conditions`, `gates`, `children`, `arrays` | nodes that run no task of their own |
//! | `tasks` | attempts at a task (`retries`, `cache`), each a process (`pods`, `render`) |
//! | `dynamic` | what a task becomes that left nodes |
//! | `names` | ids, pods and places of documents |

mod arrays;
pub(crate) mod bindings;
pub(crate) mod cache;
mod children;
mod conditions;
mod dynamic;
mod failure;
mod gates;
mod msgpack;
pub(crate) mod names;
mod nodes;
mod pods;
pub(crate) mod records;
mod render;
mod retries;
pub(crate) mod run;
mod scope;
pub(crate) mod stop;
mod tasks;
