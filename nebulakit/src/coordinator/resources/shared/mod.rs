//! One set of limits for several processes of a machine: what each of them holds is in a file of its own in a folder.
//!
//! A process has its file locked as long as it lives: the kernel gives the lock back with the process's end, however that comes, and what the file says
//! counts no more. Files are read and written under the lock of the folder's own file.

mod bell;
mod folder;
mod record;

pub(crate) use self::bell::{Bell, Rung};
pub(crate) use self::folder::{Exchanged, Folder};
pub(crate) use self::record::{Amounts, Want};
