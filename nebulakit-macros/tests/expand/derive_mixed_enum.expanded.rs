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
        fn index(&self) -> usize {
            match self {
                Self::Pass => 0,
                Self::Fail => 1,
            }
        }
        fn at(index: usize) -> __nk::Option<Self> {
            match index {
                0 => __nk::Some(Self::Pass),
                1 => __nk::Some(Self::Fail),
                _ => __nk::None,
            }
        }
    }
    impl __nk::NebulaType for __nk_units {
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
            __nk::enums::shapes::<Self>("__nk_units", "", &["", ""], shapes);
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
            fn __nk_pack(packer: &mut __nk::Packer, __nk_0: &T) -> __nk::Result<()> {
                packer.map(1usize)?;
                const { __nk_fields::<T>() }.0.pack(__nk_0, packer)?;
                __nk::Ok(())
            }
        }
        impl<T: __nk::NebulaType> __nk::NebulaType for __nk_Filtered<T> {
            const TAG: &'static str = __nk::structs::DATACLASS;
            fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
                __nk::structs::literal_type(
                    "Filtered",
                    Self::TAG,
                    &[&const { __nk_fields::<T>() }.0],
                    dialect,
                )
            }
            fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
                encoder.msgpack(|packer| __nk::NebulaType::pack(self, packer))
            }
            fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                __nk::structs::decode("Filtered", literal)
            }
            fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
                packer.map(1usize)?;
                const { __nk_fields::<T>() }.0.pack(&self.min_quality, packer)?;
                __nk::Ok(())
            }
            fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                let mut __nk_0 = __nk::None;
                __nk::structs::entries(
                    unpacker,
                    |key, unpacker| {
                        match key {
                            "min_quality" => {
                                const { __nk_fields::<T>() }
                                    .0
                                    .unpack(&mut __nk_0, key, unpacker)?
                            }
                            _ => return __nk::Ok(false),
                        }
                        __nk::Ok(true)
                    },
                )?;
                __nk::Ok(Self {
                    min_quality: const { __nk_fields::<T>() }.0.finish(__nk_0)?,
                    cached: <Vec<u8> as __nk::Default>::default(),
                    __nk_of: <__nk::PhantomData<
                        fn() -> (T,),
                    > as __nk::Default>::default(),
                })
            }
            fn schema(dialect: &__nk::Dialect) -> __nk::Value {
                __nk::structs::schema(
                    "Filtered",
                    &[&const { __nk_fields::<T>() }.0],
                    dialect,
                )
            }
            fn shapes(shapes: &mut __nk::Shapes) {
                __nk::structs::shapes::<
                    Self,
                >("Filtered", "", &[&const { __nk_fields::<T>() }.0], shapes);
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
        const TAG: &'static str = __nk::union::TAG;
        const IS_UNION: bool = true;
        const HAS_NONE: bool = const { __nk_variants::<T>() }.0.has_none()
            || const { __nk_variants::<T>() }.1.has_none()
            || const { __nk_variants::<T>() }.2.has_none();
        fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::union::literal_type(
                &[
                    &const { __nk_variants::<T>() }.0,
                    &const { __nk_variants::<T>() }.1,
                    &const { __nk_variants::<T>() }.2,
                ],
                dialect,
            )
        }
        fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            match self {
                Self::Pass => {
                    const { __nk_variants::<T>() }.0.encode(&__nk_units::Pass, encoder)
                }
                Self::Fail => {
                    const { __nk_variants::<T>() }.0.encode(&__nk_units::Fail, encoder)
                }
                Self::Filtered { min_quality: __nk_0, .. } => {
                    const { __nk_variants::<T>() }
                        .1
                        .encode_struct(
                            encoder,
                            |packer| __nk_Filtered::<T>::__nk_pack(packer, __nk_0),
                        )
                }
                Self::Score(value) => {
                    const { __nk_variants::<T>() }.2.encode(value, encoder)
                }
            }
        }
        fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::union::decode(
                literal,
                &[
                    &const { __nk_variants::<T>() }
                        .0
                        .choice(|unit| match unit {
                            __nk_units::Pass => Self::Pass,
                            __nk_units::Fail => Self::Fail,
                        }),
                    &const { __nk_variants::<T>() }
                        .1
                        .choice(|value| Self::Filtered {
                            min_quality: value.min_quality,
                            cached: value.cached,
                        })
                        .called(&["Filtered"]),
                    &const { __nk_variants::<T>() }
                        .2
                        .choice(Self::Score)
                        .called(&["Score"]),
                ],
            )
        }
        fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
            let start = packer.len();
            let which = match self {
                Self::Pass => {
                    const { __nk_variants::<T>() }.0.pack(&__nk_units::Pass, packer)?;
                    0
                }
                Self::Fail => {
                    const { __nk_variants::<T>() }.0.pack(&__nk_units::Fail, packer)?;
                    0
                }
                Self::Filtered { min_quality: __nk_0, .. } => {
                    const { __nk_variants::<T>() }
                        .1
                        .pack_struct(
                            packer,
                            |packer| __nk_Filtered::<T>::__nk_pack(packer, __nk_0),
                        )?;
                    1
                }
                Self::Score(value) => {
                    const { __nk_variants::<T>() }.2.pack(value, packer)?;
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
                    &const { __nk_variants::<T>() }
                        .0
                        .choice(|unit| match unit {
                            __nk_units::Pass => Self::Pass,
                            __nk_units::Fail => Self::Fail,
                        }),
                    &const { __nk_variants::<T>() }
                        .1
                        .choice(|value| Self::Filtered {
                            min_quality: value.min_quality,
                            cached: value.cached,
                        })
                        .called(&["Filtered"]),
                    &const { __nk_variants::<T>() }
                        .2
                        .choice(Self::Score)
                        .called(&["Score"]),
                ],
            )
        }
        fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            __nk::union::unpack(
                unpacker,
                &[
                    &const { __nk_variants::<T>() }
                        .0
                        .choice(|unit| match unit {
                            __nk_units::Pass => Self::Pass,
                            __nk_units::Fail => Self::Fail,
                        }),
                    &const { __nk_variants::<T>() }
                        .1
                        .choice(|value| Self::Filtered {
                            min_quality: value.min_quality,
                            cached: value.cached,
                        })
                        .called(&["Filtered"]),
                    &const { __nk_variants::<T>() }
                        .2
                        .choice(Self::Score)
                        .called(&["Score"]),
                ],
            )
        }
        fn schema(dialect: &__nk::Dialect) -> __nk::Value {
            __nk::union::schema(
                &[
                    &const { __nk_variants::<T>() }.0,
                    &const { __nk_variants::<T>() }.1,
                    &const { __nk_variants::<T>() }.2,
                ],
                dialect,
            )
        }
        fn shapes(shapes: &mut __nk::Shapes) {
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
                shapes,
            );
        }
    }
};
