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
                __nk::RowField::column(& __nk_columns.0), __nk::RowField::column(&
                __nk_columns.1), __nk::RowField::column(& __nk_columns.2)
            ]
        }
        fn to_arrays(
            __nk_rows: &[__nk::Option<&Self>],
        ) -> __nk::Result<__nk::Vec<__nk::ArrayRef>> {
            __nk::Ok(
                __nk::vec![
                    __nk::RowField::collect(& __nk_columns.0, __nk_rows, | __nk_row | &
                    __nk_row.sensor_id) ?, __nk::RowField::collect(& __nk_columns.1,
                    __nk_rows, | __nk_row | & __nk_row.at) ?, __nk::RowField::collect(&
                    __nk_columns.2, __nk_rows, | __nk_row | & __nk_row.place) ?
                ],
            )
        }
        fn from_arrays(__nk_arrays: &[__nk::ArrayRef]) -> __nk::Result<__nk::Vec<Self>> {
            let mut __nk_read = (
                __nk::RowField::read(&__nk_columns.0, __nk_arrays, 0)?,
                __nk::RowField::read(&__nk_columns.1, __nk_arrays, 1)?,
                __nk::RowField::read(&__nk_columns.2, __nk_arrays, 2)?,
            );
            let mut __nk_rows = __nk::Vec::new();
            while let (__nk::Some(__nk_0), __nk::Some(__nk_1), __nk::Some(__nk_2)) = (
                __nk::Iterator::next(&mut __nk_read.0),
                __nk::Iterator::next(&mut __nk_read.1),
                __nk::Iterator::next(&mut __nk_read.2),
            ) {
                __nk::Vec::push(
                    &mut __nk_rows,
                    Self {
                        sensor_id: __nk_0,
                        at: __nk_1,
                        place: __nk_2,
                        seen: <bool as __nk::Default>::default(),
                    },
                );
            }
            __nk::Ok(__nk_rows)
        }
    }
};
