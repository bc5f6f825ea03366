//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const fn __nk_fields<T: Clone + __nk::NebulaType>() -> (
        __nk::Field<Vec<T>>,
        __nk::Field<Option<T>>,
    ) {
        (__nk::Field::<Vec<T>>::new("items"), __nk::Field::<Option<T>>::new("next"))
    }
    impl<T: Clone + __nk::NebulaType> __nk::NebulaType for Page<T> {
        const TAG: &'static str = __nk::structs::PYDANTIC;
        fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::structs::literal_type(
                "Page",
                Self::TAG,
                &[&const { __nk_fields::<T>() }.0, &const { __nk_fields::<T>() }.1],
                dialect,
            )
        }
        fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            encoder.msgpack(|packer| __nk::NebulaType::pack(self, packer))
        }
        fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::structs::decode("Page", literal)
        }
        fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
            __nk::structs::pydantic_pack(
                packer,
                |packer| {
                    packer.map(2usize)?;
                    const { __nk_fields::<T>() }.0.pack(&self.items, packer)?;
                    const { __nk_fields::<T>() }.1.pack(&self.next, packer)?;
                    __nk::Ok(())
                },
            )
        }
        fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            let mut __nk_0 = __nk::None;
            let mut __nk_1 = __nk::None;
            __nk::structs::pydantic_entries(
                unpacker,
                |key, unpacker| {
                    match key {
                        "items" => {
                            const { __nk_fields::<T>() }
                                .0
                                .unpack(&mut __nk_0, key, unpacker)?
                        }
                        "next" => {
                            const { __nk_fields::<T>() }
                                .1
                                .unpack(&mut __nk_1, key, unpacker)?
                        }
                        _ => return __nk::Ok(false),
                    }
                    __nk::Ok(true)
                },
            )?;
            __nk::Ok(Self {
                items: const { __nk_fields::<T>() }.0.finish(__nk_0)?,
                next: const { __nk_fields::<T>() }.1.finish(__nk_1)?,
            })
        }
        fn schema(dialect: &__nk::Dialect) -> __nk::Value {
            __nk::structs::schema(
                "Page",
                &[&const { __nk_fields::<T>() }.0, &const { __nk_fields::<T>() }.1],
                dialect,
            )
        }
        fn shapes(shapes: &mut __nk::Shapes) {
            __nk::structs::shapes::<
                Self,
            >(
                "Page",
                "",
                &[&const { __nk_fields::<T>() }.0, &const { __nk_fields::<T>() }.1],
                shapes,
            );
        }
    }
};
