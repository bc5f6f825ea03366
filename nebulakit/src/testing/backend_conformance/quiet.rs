//! What the suite's tasks and workflows expand to: the same as those of users, but for the entry in the registry.
//!
//! The suite is part of a library that every program of tasks links. Its tasks are in the registry of those alone that ask for them by
//! [`register`](super::register).

pub(super) mod __private {
    pub(in crate::testing::backend_conformance) use crate::__private::*;

    pub(in crate::testing::backend_conformance) mod inventory {
        macro_rules! submit {
            ($($entry:tt)*) => {};
        }
        pub(in crate::testing::backend_conformance) use submit;
    }
}
