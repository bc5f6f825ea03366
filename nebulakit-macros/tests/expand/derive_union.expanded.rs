//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_variants: (
        __nk::union::Variant<i64>,
        __nk::union::Variant<String>,
        __nk::union::Variant<()>,
    ) = (
        __nk::union::Variant::<i64>::new("Number"),
        __nk::union::Variant::<String>::new("Text"),
        __nk::union::Variant::<()>::new("Nothing"),
    );
    const _: () = __nk::union::assert_distinct(
        &[__nk_variants.0.tag(), __nk_variants.1.tag(), __nk_variants.2.tag()],
        &[
            "the variants `Number` and `Text` hold the same Flyte type, which no reader could tell apart; keep one of them",
            "the variants `Number` and `Nothing` hold the same Flyte type, which no reader could tell apart; keep one of them",
            "the variants `Text` and `Nothing` hold the same Flyte type, which no reader could tell apart; keep one of them",
        ],
    );
    impl __nk::NebulaType for Input {
        const TAG: &'static str = __nk::union::TAG;
        const IS_UNION: bool = true;
        const HAS_NONE: bool = __nk_variants.0.has_none() || __nk_variants.1.has_none()
            || __nk_variants.2.has_none();
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
                    &__nk_variants.0.choice(Self::Number).called(&["Number"]),
                    &__nk_variants.1.choice(Self::Text).called(&["Text"]),
                    &__nk_variants.2.choice(Self::Nothing).called(&["Nothing"]),
                ],
            )
        }
        fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
            let start = packer.len();
            let which = match self {
                Self::Number(value) => {
                    __nk_variants.0.pack(value, packer)?;
                    0
                }
                Self::Text(value) => {
                    __nk_variants.1.pack(value, packer)?;
                    1
                }
                Self::Nothing(value) => {
                    __nk_variants.2.pack(value, packer)?;
                    2
                }
            };
            __nk::union::check_packed::<
                Self,
            >(
                packer,
                start,
                which,
                &[
                    &__nk_variants.0.choice(Self::Number).called(&["Number"]),
                    &__nk_variants.1.choice(Self::Text).called(&["Text"]),
                    &__nk_variants.2.choice(Self::Nothing).called(&["Nothing"]),
                ],
            )
        }
        fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::union::unpack(
                unpacker,
                &[
                    &__nk_variants.0.choice(Self::Number).called(&["Number"]),
                    &__nk_variants.1.choice(Self::Text).called(&["Text"]),
                    &__nk_variants.2.choice(Self::Nothing).called(&["Nothing"]),
                ],
            )
        }
        fn schema(dialect: &__nk::Dialect) -> __nk::Value {
            __nk::union::schema(
                &[&__nk_variants.0, &__nk_variants.1, &__nk_variants.2],
                dialect,
            )
        }
        fn shapes(shapes: &mut __nk::Shapes) {
            __nk::union::shapes::<
                Self,
            >(
                "Input",
                "",
                &[
                    __nk::union::Told::member("Number", "", 0usize),
                    __nk::union::Told::member("Text", "", 1usize),
                    __nk::union::Told::member("Nothing", "", 2usize),
                ],
                &[&__nk_variants.0, &__nk_variants.1, &__nk_variants.2],
                shapes,
            );
        }
    }
};
