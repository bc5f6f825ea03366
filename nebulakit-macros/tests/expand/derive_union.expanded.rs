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
        &[
            __nk::union::Variant::tag(&__nk_variants.0),
            __nk::union::Variant::tag(&__nk_variants.1),
            __nk::union::Variant::tag(&__nk_variants.2),
        ],
        &[
            "the variants `Number` and `Text` hold the same Flyte type, which no reader could tell apart; keep one of them",
            "the variants `Number` and `Nothing` hold the same Flyte type, which no reader could tell apart; keep one of them",
            "the variants `Text` and `Nothing` hold the same Flyte type, which no reader could tell apart; keep one of them",
        ],
    );
    impl __nk::NebulaType for Input {
        const TAG: &'static __nk::str = __nk::union::TAG;
        const IS_UNION: __nk::bool = true;
        const KIND: __nk::Kind = __nk::Kind::Union;
        const HAS_NONE: __nk::bool = __nk::union::Variant::has_none(&__nk_variants.0)
            || __nk::union::Variant::has_none(&__nk_variants.1)
            || __nk::union::Variant::has_none(&__nk_variants.2);
        fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::union::literal_type(
                &[&__nk_variants.0, &__nk_variants.1, &__nk_variants.2],
                __nk_dialect,
            )
        }
        fn encode(&self, __nk_encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            match self {
                Self::Number(__nk_value) => {
                    __nk::union::Variant::encode(
                        &__nk_variants.0,
                        __nk_value,
                        __nk_encoder,
                    )
                }
                Self::Text(__nk_value) => {
                    __nk::union::Variant::encode(
                        &__nk_variants.1,
                        __nk_value,
                        __nk_encoder,
                    )
                }
                Self::Nothing(__nk_value) => {
                    __nk::union::Variant::encode(
                        &__nk_variants.2,
                        __nk_value,
                        __nk_encoder,
                    )
                }
            }
        }
        fn decode(__nk_literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::union::decode(
                __nk_literal,
                &[
                    &__nk::union::Variant::choice(&__nk_variants.0, Self::Number)
                        .called(&["Number"]),
                    &__nk::union::Variant::choice(&__nk_variants.1, Self::Text)
                        .called(&["Text"]),
                    &__nk::union::Variant::choice(&__nk_variants.2, Self::Nothing)
                        .called(&["Nothing"]),
                ],
            )
        }
        fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
            let __nk_start = __nk::Packer::len(__nk_packer);
            let __nk_which = match self {
                Self::Number(__nk_value) => {
                    __nk::union::Variant::pack(
                        &__nk_variants.0,
                        __nk_value,
                        __nk_packer,
                    )?;
                    0
                }
                Self::Text(__nk_value) => {
                    __nk::union::Variant::pack(
                        &__nk_variants.1,
                        __nk_value,
                        __nk_packer,
                    )?;
                    1
                }
                Self::Nothing(__nk_value) => {
                    __nk::union::Variant::pack(
                        &__nk_variants.2,
                        __nk_value,
                        __nk_packer,
                    )?;
                    2
                }
            };
            __nk::union::check_packed::<
                Self,
            >(
                __nk_packer,
                __nk_start,
                __nk_which,
                &[
                    &__nk::union::Variant::choice(&__nk_variants.0, Self::Number)
                        .called(&["Number"]),
                    &__nk::union::Variant::choice(&__nk_variants.1, Self::Text)
                        .called(&["Text"]),
                    &__nk::union::Variant::choice(&__nk_variants.2, Self::Nothing)
                        .called(&["Nothing"]),
                ],
            )
        }
        fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::union::unpack(
                __nk_unpacker,
                &[
                    &__nk::union::Variant::choice(&__nk_variants.0, Self::Number)
                        .called(&["Number"]),
                    &__nk::union::Variant::choice(&__nk_variants.1, Self::Text)
                        .called(&["Text"]),
                    &__nk::union::Variant::choice(&__nk_variants.2, Self::Nothing)
                        .called(&["Nothing"]),
                ],
            )
        }
        fn schema(__nk_dialect: &__nk::Dialect) -> __nk::Value {
            __nk::union::schema(
                &[&__nk_variants.0, &__nk_variants.1, &__nk_variants.2],
                __nk_dialect,
            )
        }
        fn shapes(__nk_shapes: &mut __nk::Shapes) {
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
                __nk_shapes,
            );
        }
    }
};
