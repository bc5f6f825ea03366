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
        const TAG: &'static str = __nk::structs::DATACLASS;
        fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
            __nk::structs::literal_type(
                "Sample",
                Self::TAG,
                &[
                    &__nk_fields.0,
                    &__nk_fields.1,
                    &__nk_fields.2,
                    &__nk_fields.3,
                    &__nk_fields.4,
                    &__nk_fields.5,
                ],
                dialect,
            )
        }
        fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
            encoder.msgpack(|packer| __nk::NebulaType::pack(self, packer))
        }
        fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
            __nk::structs::decode("Sample", literal)
        }
        fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
            packer.map(6usize)?;
            __nk_fields.0.pack(&self.taken_at, packer)?;
            __nk_fields.1.pack(&self.identifier, packer)?;
            __nk_fields.2.pack(&self.weight, packer)?;
            __nk_fields.3.pack(&self.label, packer)?;
            __nk_fields.4.pack(&self.note, packer)?;
            __nk_fields.5.pack(&self.parent, packer)?;
            __nk::Ok(())
        }
        fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
            let mut __nk_0 = __nk::None;
            let mut __nk_1 = __nk::None;
            let mut __nk_2 = __nk::None;
            let mut __nk_3 = __nk::None;
            let mut __nk_4 = __nk::None;
            let mut __nk_5 = __nk::None;
            __nk::structs::entries(
                unpacker,
                |key, unpacker| {
                    match key {
                        "takenAt" => __nk_fields.0.unpack(&mut __nk_0, key, unpacker)?,
                        "id" => __nk_fields.1.unpack(&mut __nk_1, key, unpacker)?,
                        "weight" => __nk_fields.2.unpack(&mut __nk_2, key, unpacker)?,
                        "label" => __nk_fields.3.unpack(&mut __nk_3, key, unpacker)?,
                        "note" | "comment" => {
                            __nk_fields.4.unpack(&mut __nk_4, key, unpacker)?
                        }
                        "parent" => __nk_fields.5.unpack(&mut __nk_5, key, unpacker)?,
                        _ => return __nk::Ok(false),
                    }
                    __nk::Ok(true)
                },
            )?;
            __nk::Ok(Self {
                taken_at: __nk_fields.0.finish(__nk_0)?,
                identifier: __nk_fields.1.finish(__nk_1)?,
                weight: __nk_fields.2.finish(__nk_2)?,
                label: __nk_fields.3.finish(__nk_3)?,
                note: __nk_fields.4.finish(__nk_4)?,
                parent: __nk_fields.5.finish(__nk_5)?,
                cached: <Vec<u8> as __nk::Default>::default(),
            })
        }
        fn schema(dialect: &__nk::Dialect) -> __nk::Value {
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
                dialect,
            )
        }
        fn shapes(shapes: &mut __nk::Shapes) {
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
                shapes,
            );
        }
    }
};
