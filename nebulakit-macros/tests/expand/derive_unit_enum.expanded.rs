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
        fn index(&self) -> usize {
            match self {
                Self::Red => 0,
                Self::DarkGreen => 1,
                Self::Blue => 2,
            }
        }
        fn at(index: usize) -> __nk::Option<Self> {
            match index {
                0 => __nk::Some(Self::Red),
                1 => __nk::Some(Self::DarkGreen),
                2 => __nk::Some(Self::Blue),
                _ => __nk::None,
            }
        }
    }
    impl __nk::NebulaType for Color {
        const TAG: &'static str = __nk::enums::TAG;
        fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::enums::literal_type::<Self>(dialect)
        }
        fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            __nk::enums::encode(self, encoder);
            __nk::Ok(())
        }
        fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::enums::decode(literal)
        }
        fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
            __nk::enums::pack(self, packer)
        }
        fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::enums::unpack(unpacker)
        }
        fn schema(_: &__nk::Dialect) -> __nk::Value {
            __nk::enums::schema::<Self>()
        }
        fn shapes(shapes: &mut __nk::Shapes) {
            __nk::enums::shapes::<Self>("Color", "", &["", "", ""], shapes);
        }
    }
};
