//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    enum __nk_units {
        Pass,
        Fail,
    }
    impl __nk::enums::UnitEnum for __nk_units {
        const VARIANTS: &'static [__nk::enums::Variant] = &[
            __nk::enums::Variant {
                value: "Pass",
                name: "Pass",
            },
            __nk::enums::Variant {
                value: "Fail",
                name: "Fail",
            },
        ];
        fn index(&self) -> __nk::usize {
            match self {
                Self::Pass => 0,
                Self::Fail => 1,
            }
        }
        fn at(__nk_index: __nk::usize) -> __nk::Option<Self> {
            match __nk_index {
                0 => __nk::Some(Self::Pass),
                1 => __nk::Some(Self::Fail),
                _ => __nk::None,
            }
        }
    }
    impl __nk::NebulaType for __nk_units {
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
            __nk::enums::shapes::<Self>("__nk_units", "", &["", ""], __nk_shapes);
        }
    }
    #[allow(dead_code, non_camel_case_types)]
    struct __nk_Filtered<T> {
        min_quality: T,
        cached: Vec<u8>,
        __nk_of: __nk::PhantomData<fn() -> (T,)>,
    }
    const _: () = {
        const fn __nk_fields<T: __nk::NebulaType>() -> (__nk::Field<T>,) {
            (__nk::Field::<T>::new("min_quality"),)
        }
        impl<T: __nk::NebulaType> __nk_Filtered<T> {
            fn __nk_pack(
                __nk_packer: &mut __nk::Packer,
                __nk_0: &T,
            ) -> __nk::Result<()> {
                __nk::Packer::map(__nk_packer, 1usize)?;
                __nk::Field::pack(&const { __nk_fields::<T>() }.0, __nk_0, __nk_packer)?;
                __nk::Ok(())
            }
        }
        impl<T: __nk::NebulaType> __nk::NebulaType for __nk_Filtered<T> {
            const TAG: &'static __nk::str = __nk::structs::DATACLASS;
            const KIND: __nk::Kind = __nk::Kind::Struct;
            fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
                __nk::structs::literal_type(
                    "Filtered",
                    <Self as __nk::NebulaType>::TAG,
                    &[&const { __nk_fields::<T>() }.0],
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
                __nk::structs::decode("Filtered", __nk_literal)
            }
            fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
                __nk::Packer::map(__nk_packer, 1usize)?;
                __nk::Field::pack(
                    &const { __nk_fields::<T>() }.0,
                    &self.min_quality,
                    __nk_packer,
                )?;
                __nk::Ok(())
            }
            fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                let mut __nk_0 = __nk::None;
                __nk::structs::entries(
                    __nk_unpacker,
                    |__nk_key, __nk_unpacker| {
                        match __nk_key {
                            "min_quality" => {
                                __nk::Field::unpack(
                                    &const { __nk_fields::<T>() }.0,
                                    &mut __nk_0,
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
                    min_quality: __nk::Field::finish(
                        &const { __nk_fields::<T>() }.0,
                        __nk_0,
                    )?,
                    cached: <Vec<u8> as __nk::Default>::default(),
                    __nk_of: <__nk::PhantomData<
                        fn() -> (T,),
                    > as __nk::Default>::default(),
                })
            }
            fn schema(__nk_dialect: &__nk::Dialect) -> __nk::Value {
                __nk::structs::schema(
                    "Filtered",
                    &[&const { __nk_fields::<T>() }.0],
                    __nk_dialect,
                )
            }
            fn shapes(__nk_shapes: &mut __nk::Shapes) {
                __nk::structs::shapes::<
                    Self,
                >("Filtered", "", &[&const { __nk_fields::<T>() }.0], __nk_shapes);
            }
        }
    };
    const fn __nk_variants<T: __nk::NebulaType>() -> (
        __nk::union::Variant<__nk_units>,
        __nk::union::Variant<__nk_Filtered<T>>,
        __nk::union::Variant<f64>,
    ) {
        (
            __nk::union::Variant::<__nk_units>::new("Pass"),
            __nk::union::Variant::<__nk_Filtered<T>>::new("Filtered"),
            __nk::union::Variant::<f64>::new("Score"),
        )
    }
    impl<T: __nk::NebulaType> __nk::NebulaType for Outcome<T> {
        const TAG: &'static __nk::str = __nk::union::TAG;
        const IS_UNION: __nk::bool = true;
        const KIND: __nk::Kind = __nk::Kind::Union;
        const HAS_NONE: __nk::bool = __nk::union::Variant::has_none(
            &const { __nk_variants::<T>() }.0,
        ) || __nk::union::Variant::has_none(&const { __nk_variants::<T>() }.1)
            || __nk::union::Variant::has_none(&const { __nk_variants::<T>() }.2);
        fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::union::literal_type(
                &[
                    &const { __nk_variants::<T>() }.0,
                    &const { __nk_variants::<T>() }.1,
                    &const { __nk_variants::<T>() }.2,
                ],
                __nk_dialect,
            )
        }
        fn encode(&self, __nk_encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            match self {
                Self::Pass => {
                    __nk::union::Variant::encode(
                        &const { __nk_variants::<T>() }.0,
                        &__nk_units::Pass,
                        __nk_encoder,
                    )
                }
                Self::Fail => {
                    __nk::union::Variant::encode(
                        &const { __nk_variants::<T>() }.0,
                        &__nk_units::Fail,
                        __nk_encoder,
                    )
                }
                Self::Filtered { min_quality: __nk_0, .. } => {
                    __nk::union::Variant::encode_struct(
                        &const { __nk_variants::<T>() }.1,
                        __nk_encoder,
                        |__nk_packer| __nk_Filtered::<T>::__nk_pack(__nk_packer, __nk_0),
                    )
                }
                Self::Score(__nk_value) => {
                    __nk::union::Variant::encode(
                        &const { __nk_variants::<T>() }.2,
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
                    &__nk::union::Variant::choice(
                        &const { __nk_variants::<T>() }.0,
                        |__nk_unit| match __nk_unit {
                            __nk_units::Pass => Self::Pass,
                            __nk_units::Fail => Self::Fail,
                        },
                    ),
                    &__nk::union::Variant::choice(
                            &const { __nk_variants::<T>() }.1,
                            |__nk_value| Self::Filtered {
                                min_quality: __nk_value.min_quality,
                                cached: __nk_value.cached,
                            },
                        )
                        .called(&["Filtered"]),
                    &__nk::union::Variant::choice(
                            &const { __nk_variants::<T>() }.2,
                            Self::Score,
                        )
                        .called(&["Score"]),
                ],
            )
        }
        fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
            let __nk_start = __nk::Packer::len(__nk_packer);
            let __nk_which = match self {
                Self::Pass => {
                    __nk::union::Variant::pack(
                        &const { __nk_variants::<T>() }.0,
                        &__nk_units::Pass,
                        __nk_packer,
                    )?;
                    0
                }
                Self::Fail => {
                    __nk::union::Variant::pack(
                        &const { __nk_variants::<T>() }.0,
                        &__nk_units::Fail,
                        __nk_packer,
                    )?;
                    0
                }
                Self::Filtered { min_quality: __nk_0, .. } => {
                    __nk::union::Variant::pack_struct(
                        &const { __nk_variants::<T>() }.1,
                        __nk_packer,
                        |__nk_packer| __nk_Filtered::<T>::__nk_pack(__nk_packer, __nk_0),
                    )?;
                    1
                }
                Self::Score(__nk_value) => {
                    __nk::union::Variant::pack(
                        &const { __nk_variants::<T>() }.2,
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
                    &__nk::union::Variant::choice(
                        &const { __nk_variants::<T>() }.0,
                        |__nk_unit| match __nk_unit {
                            __nk_units::Pass => Self::Pass,
                            __nk_units::Fail => Self::Fail,
                        },
                    ),
                    &__nk::union::Variant::choice(
                            &const { __nk_variants::<T>() }.1,
                            |__nk_value| Self::Filtered {
                                min_quality: __nk_value.min_quality,
                                cached: __nk_value.cached,
                            },
                        )
                        .called(&["Filtered"]),
                    &__nk::union::Variant::choice(
                            &const { __nk_variants::<T>() }.2,
                            Self::Score,
                        )
                        .called(&["Score"]),
                ],
            )
        }
        fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::union::unpack(
                __nk_unpacker,
                &[
                    &__nk::union::Variant::choice(
                        &const { __nk_variants::<T>() }.0,
                        |__nk_unit| match __nk_unit {
                            __nk_units::Pass => Self::Pass,
                            __nk_units::Fail => Self::Fail,
                        },
                    ),
                    &__nk::union::Variant::choice(
                            &const { __nk_variants::<T>() }.1,
                            |__nk_value| Self::Filtered {
                                min_quality: __nk_value.min_quality,
                                cached: __nk_value.cached,
                            },
                        )
                        .called(&["Filtered"]),
                    &__nk::union::Variant::choice(
                            &const { __nk_variants::<T>() }.2,
                            Self::Score,
                        )
                        .called(&["Score"]),
                ],
            )
        }
        fn schema(__nk_dialect: &__nk::Dialect) -> __nk::Value {
            __nk::union::schema(
                &[
                    &const { __nk_variants::<T>() }.0,
                    &const { __nk_variants::<T>() }.1,
                    &const { __nk_variants::<T>() }.2,
                ],
                __nk_dialect,
            )
        }
        fn shapes(__nk_shapes: &mut __nk::Shapes) {
            __nk::union::shapes::<
                Self,
            >(
                "Outcome",
                "",
                &[
                    __nk::union::Told::unit(
                        &<__nk_units as __nk::enums::UnitEnum>::VARIANTS[0],
                        "",
                    ),
                    __nk::union::Told::member("Filtered", "", 1usize),
                    __nk::union::Told::unit(
                        &<__nk_units as __nk::enums::UnitEnum>::VARIANTS[1],
                        "",
                    ),
                    __nk::union::Told::member("Score", "", 2usize),
                ],
                &[
                    &const { __nk_variants::<T>() }.0,
                    &const { __nk_variants::<T>() }.1,
                    &const { __nk_variants::<T>() }.2,
                ],
                __nk_shapes,
            );
        }
    }
};
