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
        const TAG: &'static __nk::str = __nk::structs::PYDANTIC;
        const KIND: __nk::Kind = __nk::Kind::Struct;
        fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::structs::literal_type(
                "Page",
                <Self as __nk::NebulaType>::TAG,
                &[&const { __nk_fields::<T>() }.0, &const { __nk_fields::<T>() }.1],
                __nk_dialect,
            )
        }
        fn encode(&self, __nk_encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            __nk::Encoder::msgpack(
                __nk_encoder,
                |__nk_packer| __nk::NebulaType::pack(self, __nk_packer),
            )
        }
        fn decode(__nk_literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::structs::decode("Page", __nk_literal)
        }
        fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
            __nk::structs::pydantic_pack(
                __nk_packer,
                |__nk_packer| {
                    __nk::Packer::map(__nk_packer, 2usize)?;
                    __nk::Field::pack(
                        &const { __nk_fields::<T>() }.0,
                        &self.items,
                        __nk_packer,
                    )?;
                    __nk::Field::pack(
                        &const { __nk_fields::<T>() }.1,
                        &self.next,
                        __nk_packer,
                    )?;
                    __nk::Ok(())
                },
            )
        }
        fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            let mut __nk_0 = __nk::None;
            let mut __nk_1 = __nk::None;
            __nk::structs::pydantic_entries(
                __nk_unpacker,
                |__nk_key, __nk_unpacker| {
                    match __nk_key {
                        "items" => {
                            __nk::Field::unpack(
                                &const { __nk_fields::<T>() }.0,
                                &mut __nk_0,
                                __nk_key,
                                __nk_unpacker,
                            )?
                        }
                        "next" => {
                            __nk::Field::unpack(
                                &const { __nk_fields::<T>() }.1,
                                &mut __nk_1,
                                __nk_key,
                                __nk_unpacker,
                            )?
                        }
                        _ => return __nk::Ok(false),
                    }
                    __nk::Ok(true)
                },
            )?;
            __nk::Ok(Self {
                items: __nk::Field::finish(&const { __nk_fields::<T>() }.0, __nk_0)?,
                next: __nk::Field::finish(&const { __nk_fields::<T>() }.1, __nk_1)?,
            })
        }
        fn schema(__nk_dialect: &__nk::Dialect) -> __nk::Value {
            __nk::structs::schema(
                "Page",
                &[&const { __nk_fields::<T>() }.0, &const { __nk_fields::<T>() }.1],
                __nk_dialect,
            )
        }
        fn shapes(__nk_shapes: &mut __nk::Shapes) {
            __nk::structs::shapes::<
                Self,
            >(
                "Page",
                "",
                &[&const { __nk_fields::<T>() }.0, &const { __nk_fields::<T>() }.1],
                __nk_shapes,
            );
        }
    }
    #[allow(
        dead_code,
        missing_docs,
        missing_debug_implementations,
        private_interfaces,
        unreachable_pub
    )]
    struct __Fields<T: Clone + __nk::NebulaType> {
        items: __nk::Promise<Vec<T>>,
        next: __nk::Promise<Option<T>>,
        __nk_of: __nk::PhantomData<fn() -> Page<T>>,
    }
    impl<T: Clone + __nk::NebulaType> __nk::Parts for Page<T> {
        type Parts = __Fields<T>;
        fn parts(__nk_whole: &__nk::Promise<Self>) -> Self::Parts {
            __Fields {
                items: __nk::field(__nk_whole, "items"),
                next: __nk::field(__nk_whole, "next"),
                __nk_of: __nk::PhantomData,
            }
        }
    }
};
