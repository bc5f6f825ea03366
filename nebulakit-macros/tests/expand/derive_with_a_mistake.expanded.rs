//! Expansion of the file of the same name; written by the test `expansions`.

::core::compile_error! {
    "a tuple struct has no Flyte form: fields travel by name; give them names"
}
#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    impl __nk::NebulaType for Point {
        const TAG: &'static __nk::str = "";
        fn literal_type(_: &__nk::Dialect) -> __nk::LiteralType {
            __nk::unreachable!()
        }
        fn encode(&self, _: &mut __nk::Encoder) -> __nk::Result<()> {
            __nk::unreachable!()
        }
        fn decode(_: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::unreachable!()
        }
        fn pack(&self, _: &mut __nk::Packer) -> __nk::Result<()> {
            __nk::unreachable!()
        }
        fn unpack(_: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::unreachable!()
        }
        fn schema(_: &__nk::Dialect) -> __nk::Value {
            __nk::unreachable!()
        }
    }
};
