//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_outputs: (__nk::OutputField<i64>, __nk::OutputField<i64>) = (
        __nk::OutputField::<i64>::new(),
        __nk::OutputField::<i64>::new(),
    );
    impl __nk::TaskOutputs for Division {
        const NAMES: &'static [&'static str] = &["quotient", "rest"];
        fn literal_types(dialect: &__nk::Dialect) -> __nk::Vec<__nk::LiteralType> {
            __nk::vec![
                __nk_outputs.0.literal_type(dialect), __nk_outputs.1
                .literal_type(dialect)
            ]
        }
        fn write(self, writer: &mut __nk::OutputWriter) -> __nk::Result<()> {
            __nk_outputs.0.put(self.quotient, writer)?;
            __nk_outputs.1.put(self.remainder, writer)?;
            __nk::Ok(())
        }
        fn shapes(shapes: &mut __nk::Shapes) {
            __nk_outputs.0.shapes(shapes);
            __nk_outputs.1.shapes(shapes);
        }
    }
};
