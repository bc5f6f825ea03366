//! How many bytes values take, whatever larger memory they are a piece of.

use arrow::array::{Array as _, ArrayData, OffsetSizeTrait, RecordBatch};
use arrow::datatypes::DataType;

/// About what a column takes beside its values, which is all that counts where batches of one row are gathered.
const HANDLE: usize = 512;

/// The bytes of all columns: batches that are read share the memory of a whole block, which each of them would count otherwise.
pub(super) fn of(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| HANDLE + of_data(&column.to_data())).sum()
}

fn of_data(data: &ArrayData) -> usize {
    match data.data_type() {
        DataType::List(_) | DataType::Map(..) => of_lists::<i32>(data),
        DataType::LargeList(_) => of_lists::<i64>(data),
        DataType::Struct(_) | DataType::FixedSizeList(..) => data.child_data().iter().map(of_data).sum(),
        // Of what cannot be measured by its slice the whole is taken.
        _ => data.get_slice_memory_size().unwrap_or_else(|_| data.get_buffer_memory_size()),
    }
}

/// A piece of lists keeps the elements of all.
fn of_lists<O: OffsetSizeTrait>(data: &ArrayData) -> usize {
    let offsets = data.buffers()[0].typed_data::<O>();
    let (begin, end) = match offsets.get(data.offset()..=data.offset() + data.len()) {
        Some([begin, .., end]) => (begin.as_usize(), end.as_usize()),
        _ => (0, 0),
    };
    size_of::<O>() * data.len() + of_data(&data.child_data()[0].slice(begin, end - begin))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, ListArray, StringArray, StringDictionaryBuilder, StringViewArray, StructArray};
    use arrow::datatypes::{Int8Type, Int64Type};

    use super::*;

    const ROWS: usize = 1_000;

    /// Columns of all kinds of layout, and the bytes of a row of each.
    fn columns() -> [(&'static str, ArrayRef, usize); 4] {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS as i64));
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>((0..ROWS as i64).map(|row| Some([Some(row), None])));
        let structs = StructArray::try_from(vec![("number", numbers.clone())]).unwrap();
        [
            ("numbers", numbers, 8),
            ("texts", Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("{row:06}")))), 10),
            ("lists", Arc::new(lists), 20),
            ("structs", Arc::new(structs), 8),
        ]
    }

    #[test]
    fn a_piece_counts_as_what_it_holds() {
        for (name, column, row) in columns() {
            for rows in [ROWS, 100] {
                let size = of_data(&column.slice(ROWS - rows, rows).to_data());
                // Offsets are one more than rows, and whether a value is absent takes a bit.
                assert!((row * rows..row * rows + rows / 4 + 8).contains(&size), "{rows} {name}: {size} bytes");
            }
            assert!(of_data(&column.slice(5, 0).to_data()) <= 8, "no {name}");
        }
    }

    #[test]
    fn what_cannot_be_cut_counts_whole() {
        let views: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..ROWS).map(|row| format!("more than twelve bytes: {row}"))));
        assert!(of_data(&views.slice(0, 1).to_data()) >= 24 * ROWS);
        let mut dictionary = StringDictionaryBuilder::<Int8Type>::new();
        (0..ROWS).for_each(|row| dictionary.append_value(["a", "b"][row % 2]));
        assert!((ROWS..ROWS + 500).contains(&of_data(&dictionary.finish().to_data())));
    }

    #[test]
    fn batches_of_one_row_count_as_the_memory_that_they_take() {
        let columns = columns().map(|(name, column, _)| (name, column));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let size = of(&batch.slice(0, 1));
        assert!((4 * HANDLE..4 * HANDLE + 100).contains(&size), "{size} bytes");
    }
}
