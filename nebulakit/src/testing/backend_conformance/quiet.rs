//! The expansion of the suite's tasks and workflows: the same as those of users, except for the entry in the registry.
//!
//! The suite is part of a library that every program with tasks links. Its tasks are only in the registry of programs that add them with
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
