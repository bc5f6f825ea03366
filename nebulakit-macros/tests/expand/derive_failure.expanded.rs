//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    impl __nk::TaskFailure for TrainError {
        fn marks(&self) -> __nk::Marks {
            match *self {
                Self::Store { .. } => {
                    __nk::Marks::new(__nk::Some(true), __nk::Some("TRAIN:Store"))
                }
                Self::Diverged { .. } => {
                    __nk::Marks::new(__nk::Some(false), __nk::Some("TRAIN"))
                }
                Self::Empty { .. } => __nk::Marks::new(__nk::None, __nk::Some("TRAIN")),
            }
        }
    }
    __nk::inventory::submit! {
        __nk::KnownFailure::new:: < TrainError > ()
    }
};
