//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_variants: (
        __nk::union::Variant<i64>,
        __nk::union::Variant<String>,
        __nk::union::Variant<()>,
    ) = (
        __nk::union::Variant::<i64>::new(),
        __nk::union::Variant::<String>::new(),
        __nk::union::Variant::<()>::new(),
    );
    const _: () = __nk::union::assert_distinct(
        &[__nk_variants.0.tag(), __nk_variants.1.tag(), __nk_variants.2.tag()],
    );
    impl __nk::NebulaType for Input {
        const TAG: &'static str = __nk::union::TAG;
        const IS_UNION: bool = true;
        fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::union::literal_type(
                &[&__nk_variants.0, &__nk_variants.1, &__nk_variants.2],
                dialect,
            )
        }
        fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            match self {
                Self::Number(value) => __nk_variants.0.encode(value, encoder),
                Self::Text(value) => __nk_variants.1.encode(value, encoder),
                Self::Nothing(value) => __nk_variants.2.encode(value, encoder),
            }
        }
        fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::union::decode(
                literal,
                &[
                    &__nk_variants.0.choice(Self::Number),
                    &__nk_variants.1.choice(Self::Text),
                    &__nk_variants.2.choice(Self::Nothing),
                ],
            )
        }
        fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
            match self {
                Self::Number(value) => __nk_variants.0.pack(value, packer),
                Self::Text(value) => __nk_variants.1.pack(value, packer),
                Self::Nothing(value) => __nk_variants.2.pack(value, packer),
            }
        }
        fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::union::unpack(
                unpacker,
                &[
                    &__nk_variants.0.choice(Self::Number),
                    &__nk_variants.1.choice(Self::Text),
                    &__nk_variants.2.choice(Self::Nothing),
                ],
            )
        }
        fn schema(dialect: &__nk::Dialect) -> __nk::Value {
            __nk::union::schema(
                &[&__nk_variants.0, &__nk_variants.1, &__nk_variants.2],
                dialect,
            )
        }
    }
};
