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
    #[allow(
        dead_code,
        missing_docs,
        missing_debug_implementations,
        private_interfaces,
        unreachable_pub
    )]
    struct __Outputs<__NK0, __NK1> {
        quotient: __nk::Promise<__NK0>,
        remainder: __nk::Promise<__NK1>,
    }
    #[allow(
        dead_code,
        missing_docs,
        missing_debug_implementations,
        private_interfaces,
        unreachable_pub
    )]
    struct __Each(__nk::PhantomData<fn() -> Division>);
    #[allow(
        dead_code,
        missing_docs,
        missing_debug_implementations,
        private_interfaces,
        unreachable_pub
    )]
    struct __Partial(__nk::PhantomData<fn() -> Division>);
    impl __nk::MapOutputs for __Each {
        type Partial = __Partial;
    }
    impl __nk::Parts for Division {
        type Parts = __Outputs<i64, i64>;
        fn parts(__nk_whole: &__nk::Promise<Self>) -> Self::Parts {
            __Outputs {
                quotient: __nk::output(__nk_whole, 0u32),
                remainder: __nk::output(__nk_whole, 1u32),
            }
        }
    }
    impl __nk::Parts for __Each {
        type Parts = __Outputs<__nk::Vec<i64>, __nk::Vec<i64>>;
        fn parts(__nk_whole: &__nk::Promise<Self>) -> Self::Parts {
            __Outputs {
                quotient: __nk::output(__nk_whole, 0u32),
                remainder: __nk::output(__nk_whole, 1u32),
            }
        }
    }
    impl __nk::Parts for __Partial {
        type Parts = __Outputs<
            __nk::Vec<__nk::Option<i64>>,
            __nk::Vec<__nk::Option<i64>>,
        >;
        fn parts(__nk_whole: &__nk::Promise<Self>) -> Self::Parts {
            __Outputs {
                quotient: __nk::output(__nk_whole, 0u32),
                remainder: __nk::output(__nk_whole, 1u32),
            }
        }
    }
    #[allow(dead_code, clippy::too_many_arguments)]
    impl Division {
        /// The outputs of several nodes, put together under these names.
        #[track_caller]
        fn promise(
            quotient: impl __nk::IntoPromise<i64>,
            remainder: impl __nk::IntoPromise<i64>,
        ) -> __nk::Promise<Self> {
            __nk::outputs(__nk::vec![__nk::source(quotient), __nk::source(remainder)])
        }
    }
    impl __nk::TaskOutputs for Division {
        const NAMES: &'static [&'static __nk::str] = &["quotient", "rest"];
        type Each = __Each;
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
