//! Expansion of the file of the same name; written by the test `expansions`.

#[allow(
    deprecated,
    non_upper_case_globals,
    unused_qualifications,
    clippy::multiple_bound_locations
)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_columns: (
        __nk::RowField<u32>,
        __nk::RowField<std::time::SystemTime>,
        __nk::RowField<Option<Place>>,
    ) = (
        __nk::RowField::<u32>::new("sensorId"),
        __nk::RowField::<std::time::SystemTime>::new("when"),
        __nk::RowField::<Option<Place>>::new("place"),
    );
    impl __nk::Row for Reading {
        fn columns() -> __nk::Vec<__nk::Column> {
            __nk::vec![
                __nk_columns.0.column(), __nk_columns.1.column(), __nk_columns.2.column()
            ]
        }
        fn to_arrays(
            rows: &[__nk::Option<&Self>],
        ) -> __nk::Result<__nk::Vec<__nk::ArrayRef>> {
            __nk::Ok(
                __nk::vec![
                    __nk_columns.0.collect(rows, | row | & row.sensor_id) ?, __nk_columns
                    .1.collect(rows, | row | & row.at) ?, __nk_columns.2.collect(rows, |
                    row | & row.place) ?
                ],
            )
        }
        fn from_arrays(arrays: &[__nk::ArrayRef]) -> __nk::Result<__nk::Vec<Self>> {
            let mut columns = (
                __nk_columns.0.read(arrays, 0)?,
                __nk_columns.1.read(arrays, 1)?,
                __nk_columns.2.read(arrays, 2)?,
            );
            let mut rows = __nk::Vec::new();
            while let (__nk::Some(__nk_0), __nk::Some(__nk_1), __nk::Some(__nk_2)) = (
                __nk::Iterator::next(&mut columns.0),
                __nk::Iterator::next(&mut columns.1),
                __nk::Iterator::next(&mut columns.2),
            ) {
                rows.push(Self {
                    sensor_id: __nk_0,
                    at: __nk_1,
                    place: __nk_2,
                    seen: <bool as __nk::Default>::default(),
                });
            }
            __nk::Ok(rows)
        }
    }
};
