//! Conditions on statistics: which containers of rows (row groups, pages, files of a partition) can hold a row that meets them.

use arrow::array::{Array, ArrayRef};

use super::bound::{Bound, Comparison, Test};
use super::eval::compare;

/// What is known of a column in some containers of rows.
pub(in crate::schema) struct Bounds {
    /// The least value of each; absent where it is unknown.
    pub(in crate::schema) least: ArrayRef,
    /// The greatest value of each; absent where it is unknown.
    pub(in crate::schema) greatest: ArrayRef,
    /// How many values are absent in each, where that is known.
    pub(in crate::schema) nulls: Vec<Option<u64>>,
    /// How many rows each has.
    pub(in crate::schema) rows: Vec<u64>,
}

/// For each of `count` containers whether a row in it can meet the condition. `bounds` tells of a column what is known.
pub(in crate::schema) fn may_match(bound: &Bound, count: usize, bounds: &mut dyn FnMut(&str) -> Option<Bounds>) -> Vec<bool> {
    may(bound, false, count, bounds)
}

fn may(bound: &Bound, negated: bool, count: usize, bounds: &mut dyn FnMut(&str) -> Option<Bounds>) -> Vec<bool> {
    match bound {
        Bound::Not(part) => may(part, !negated, count, bounds),
        Bound::All(parts) | Bound::Any(parts) => {
            let all = matches!(bound, Bound::All(_)) != negated;
            let mut result = vec![all; count];
            for part in parts {
                for (result, part) in result.iter_mut().zip(may(part, negated, count, bounds)) {
                    *result = if all { *result && part } else { *result || part };
                }
            }
            result
        }
        Bound::Test(name, test) => match bounds(name) {
            Some(bounds) => bounds.may(test, negated),
            None => vec![true; count],
        },
    }
}

impl Bounds {
    fn may(&self, test: &Test, negated: bool) -> Vec<bool> {
        let some_value = |index: usize| self.nulls[index].is_none_or(|nulls| nulls < self.rows[index]);
        match test {
            Test::Null => {
                let some_null = |index: usize| self.nulls[index].is_none_or(|nulls| nulls > 0);
                (0..self.rows.len()).map(|index| if negated { some_value(index) } else { some_null(index) }).collect()
            }
            Test::Always(value) => (0..self.rows.len()).map(|index| *value != negated && some_value(index)).collect(),
            Test::Compare(comparison, value) => {
                let comparison = if negated { comparison.negated() } else { *comparison };
                // Statistics leave NaN out, and all but `==` and the orders themselves hold of it.
                let float = value.data_type().is_floating();
                let possible = |comparison, of: &ArrayRef| compare(of, comparison, value).ok();
                let sides = match comparison {
                    _ if float && negated => vec![],
                    Comparison::NotEqual => vec![],
                    Comparison::Equal => {
                        vec![possible(Comparison::LessOrEqual, &self.least), possible(Comparison::GreaterOrEqual, &self.greatest)]
                    }
                    Comparison::Less | Comparison::LessOrEqual => vec![possible(comparison, &self.least)],
                    Comparison::Greater | Comparison::GreaterOrEqual => vec![possible(comparison, &self.greatest)],
                };
                let known_not = |index: usize| sides.iter().flatten().any(|side| side.is_valid(index) && !side.value(index));
                (0..self.rows.len()).map(|index| some_value(index) && !known_not(index)).collect()
            }
        }
    }
}

impl Comparison {
    fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }
}
