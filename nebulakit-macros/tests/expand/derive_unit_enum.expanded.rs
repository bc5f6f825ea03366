//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    impl __nk::enums::UnitEnum for Color {
        const VARIANTS: &'static [__nk::enums::Variant] = &[
            __nk::enums::Variant {
                value: "red",
                name: "Red",
            },
            __nk::enums::Variant {
                value: "dark_green",
                name: "DarkGreen",
            },
            __nk::enums::Variant {
                value: "azure",
                name: "AZURE",
            },
        ];
        fn index(&self) -> __nk::usize {
            match self {
                Self::Red => 0,
                Self::DarkGreen => 1,
                Self::Blue => 2,
            }
        }
        fn at(__nk_index: __nk::usize) -> __nk::Option<Self> {
            match __nk_index {
                0 => __nk::Some(Self::Red),
                1 => __nk::Some(Self::DarkGreen),
                2 => __nk::Some(Self::Blue),
                _ => __nk::None,
            }
        }
    }
    impl __nk::NebulaType for Color {
        const TAG: &'static __nk::str = __nk::enums::TAG;
        const KIND: __nk::Kind = __nk::Kind::Enum;
        fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::enums::literal_type::<Self>(__nk_dialect)
        }
        fn encode(&self, __nk_encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            __nk::enums::encode(self, __nk_encoder);
            __nk::Ok(())
        }
        fn decode(__nk_literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::enums::decode(__nk_literal)
        }
        fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
            __nk::enums::pack(self, __nk_packer)
        }
        fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::enums::unpack(__nk_unpacker)
        }
        fn schema(_: &__nk::Dialect) -> __nk::Value {
            __nk::enums::schema::<Self>()
        }
        fn shapes(__nk_shapes: &mut __nk::Shapes) {
            __nk::enums::shapes::<Self>("Color", "", &["", "", ""], __nk_shapes);
        }
    }
};
