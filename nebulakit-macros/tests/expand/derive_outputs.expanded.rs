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
        const NAMES: &'static [&'static __nk::str] = &["quotient", "rest"];
        const KINDS: &'static [__nk::Kind] = &[
            __nk::OutputField::kind(&__nk_outputs.0),
            __nk::OutputField::kind(&__nk_outputs.1),
        ];
        fn literal_types(__nk_dialect: &__nk::Dialect) -> __nk::Vec<__nk::LiteralType> {
            __nk::vec![
                __nk::OutputField::literal_type(& __nk_outputs.0, __nk_dialect),
                __nk::OutputField::literal_type(& __nk_outputs.1, __nk_dialect)
            ]
        }
        fn write(self, __nk_writer: &mut __nk::OutputWriter) -> __nk::Result<()> {
            __nk::OutputField::put(&__nk_outputs.0, self.quotient, __nk_writer)?;
            __nk::OutputField::put(&__nk_outputs.1, self.remainder, __nk_writer)?;
            __nk::Ok(())
        }
        fn read(__nk_reader: &mut __nk::OutputReader<'_>) -> __nk::Result<Self> {
            __nk::Ok(Self {
                quotient: __nk::OutputField::take(&__nk_outputs.0, __nk_reader)?,
                remainder: __nk::OutputField::take(&__nk_outputs.1, __nk_reader)?,
            })
        }
        fn shapes(__nk_shapes: &mut __nk::Shapes) {
            __nk::OutputField::shapes(&__nk_outputs.0, __nk_shapes);
            __nk::OutputField::shapes(&__nk_outputs.1, __nk_shapes);
        }
    }
};
