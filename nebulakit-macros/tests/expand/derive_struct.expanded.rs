//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_fields: (
        __nk::Field<SystemTime>,
        __nk::Field<u32>,
        __nk::Field<f64>,
        __nk::Field<String>,
        __nk::Field<Option<String>>,
        __nk::Field<Option<u32>>,
    ) = (
        __nk::Field::<SystemTime>::new("takenAt"),
        __nk::Field::<u32>::new("id"),
        __nk::Field::<f64>::new("weight").default(|| 1.0),
        __nk::Field::<String>::new("label").default(|| __nk::Into::into("none")),
        __nk::Field::<Option<String>>::new("note")
            .default(<Option<String> as __nk::Default>::default),
        __nk::Field::<Option<u32>>::new("parent").required(),
    );
    impl __nk::NebulaType for Sample {
        const TAG: &'static __nk::str = __nk::structs::DATACLASS;
        const KIND: __nk::Kind = __nk::Kind::Struct;
        fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::structs::literal_type(
                "Sample",
                <Self as __nk::NebulaType>::TAG,
                &[
                    &__nk_fields.0,
                    &__nk_fields.1,
                    &__nk_fields.2,
                    &__nk_fields.3,
                    &__nk_fields.4,
                    &__nk_fields.5,
                ],
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
            __nk::structs::decode("Sample", __nk_literal)
        }
        fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
            __nk::Packer::map(__nk_packer, 6usize)?;
            __nk::Field::pack(&__nk_fields.0, &self.taken_at, __nk_packer)?;
            __nk::Field::pack(&__nk_fields.1, &self.identifier, __nk_packer)?;
            __nk::Field::pack(&__nk_fields.2, &self.weight, __nk_packer)?;
            __nk::Field::pack(&__nk_fields.3, &self.label, __nk_packer)?;
            __nk::Field::pack(&__nk_fields.4, &self.note, __nk_packer)?;
            __nk::Field::pack(&__nk_fields.5, &self.parent, __nk_packer)?;
            __nk::Ok(())
        }
        fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            let mut __nk_0 = __nk::None;
            let mut __nk_1 = __nk::None;
            let mut __nk_2 = __nk::None;
            let mut __nk_3 = __nk::None;
            let mut __nk_4 = __nk::None;
            let mut __nk_5 = __nk::None;
            __nk::structs::entries(
                __nk_unpacker,
                |__nk_key, __nk_unpacker| {
                    match __nk_key {
                        "takenAt" => {
                            __nk::Field::unpack(
                                &__nk_fields.0,
                                &mut __nk_0,
                                __nk_key,
                                __nk_unpacker,
                            )?
                        }
                        "id" => {
                            __nk::Field::unpack(
                                &__nk_fields.1,
                                &mut __nk_1,
                                __nk_key,
                                __nk_unpacker,
                            )?
                        }
                        "weight" => {
                            __nk::Field::unpack(
                                &__nk_fields.2,
                                &mut __nk_2,
                                __nk_key,
                                __nk_unpacker,
                            )?
                        }
                        "label" => {
                            __nk::Field::unpack(
                                &__nk_fields.3,
                                &mut __nk_3,
                                __nk_key,
                                __nk_unpacker,
                            )?
                        }
                        "note" | "comment" => {
                            __nk::Field::unpack(
                                &__nk_fields.4,
                                &mut __nk_4,
                                __nk_key,
                                __nk_unpacker,
                            )?
                        }
                        "parent" => {
                            __nk::Field::unpack(
                                &__nk_fields.5,
                                &mut __nk_5,
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
                taken_at: __nk::Field::finish(&__nk_fields.0, __nk_0)?,
                identifier: __nk::Field::finish(&__nk_fields.1, __nk_1)?,
                weight: __nk::Field::finish(&__nk_fields.2, __nk_2)?,
                label: __nk::Field::finish(&__nk_fields.3, __nk_3)?,
                note: __nk::Field::finish(&__nk_fields.4, __nk_4)?,
                parent: __nk::Field::finish(&__nk_fields.5, __nk_5)?,
                cached: <Vec<u8> as __nk::Default>::default(),
            })
        }
        fn schema(__nk_dialect: &__nk::Dialect) -> __nk::Value {
            __nk::structs::schema(
                "Sample",
                &[
                    &__nk_fields.0,
                    &__nk_fields.1,
                    &__nk_fields.2,
                    &__nk_fields.3,
                    &__nk_fields.4,
                    &__nk_fields.5,
                ],
                __nk_dialect,
            )
        }
        fn shapes(__nk_shapes: &mut __nk::Shapes) {
            __nk::structs::shapes::<
                Self,
            >(
                "Sample",
                "",
                &[
                    &__nk_fields.0,
                    &__nk_fields.1,
                    &__nk_fields.2,
                    &__nk_fields.3,
                    &__nk_fields.4,
                    &__nk_fields.5,
                ],
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
    pub struct __Fields {
        taken_at: __nk::Promise<SystemTime>,
        identifier: __nk::Promise<u32>,
        weight: __nk::Promise<f64>,
        label: __nk::Promise<String>,
        note: __nk::Promise<Option<String>>,
        parent: __nk::Promise<Option<u32>>,
    }
    impl __nk::Parts for Sample {
        type Parts = __Fields;
        fn parts(__nk_whole: &__nk::Promise<Self>) -> Self::Parts {
            __Fields {
                taken_at: __nk::field(__nk_whole, "takenAt"),
                identifier: __nk::field(__nk_whole, "id"),
                weight: __nk::field(__nk_whole, "weight"),
                label: __nk::field(__nk_whole, "label"),
                note: __nk::field(__nk_whole, "note"),
                parent: __nk::field(__nk_whole, "parent"),
            }
        }
    }
};
