//! Which rows to read: conditions on columns, checked against statistics before anything is fetched, and against every row after.
//!
//! [`value`] finds where a value stands among those that a column can hold, [`eval`] asks the rows, [`prune`] the statistics.

mod bound;
mod eval;
mod prune;
mod value;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema as ArrowSchema};

pub(super) use bound::Bound;
use bound::{Comparison, Test};
pub(super) use prune::{Bounds, may_match};
pub use value::Value;

use super::places::place_of;
use crate::{Error, ErrorKind, Result};

/// Names a column, to say something of it: `column("price").gt(5.0)`.
pub fn column(name: impl Into<String>) -> ColumnName {
    ColumnName(name.into())
}

/// A column's name; see [`column()`].
#[derive(Debug, Clone)]
pub struct ColumnName(String);

/// A condition that rows meet or not.
///
/// As in SQL, a comparison with an absent value is neither true nor false, and rows of which a condition is not true are left out; NaN is
/// neither less than, equal to, nor greater than anything. A value that a column of whole numbers cannot hold is compared as a number:
/// `column("count").lt(2.5)` is true of 2.
///
/// ```
/// use nebulakit_types::schema::column;
///
/// let filter = column("city").eq("Oslo").and(column("price").between(5, 10).or(column("price").is_null()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Condition);

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Compare(String, Comparison, Value),
    Null(String),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

impl ColumnName {
    fn compare(self, comparison: Comparison, value: impl Into<Value>) -> Filter {
        Filter(Condition::Compare(self.0, comparison, value.into()))
    }

    /// Rows with this value.
    pub fn eq(self, value: impl Into<Value>) -> Filter {
        self.compare(Comparison::Equal, value)
    }

    /// Rows with any other value.
    pub fn ne(self, value: impl Into<Value>) -> Filter {
        self.compare(Comparison::NotEqual, value)
    }

    /// Rows below a value.
    pub fn lt(self, value: impl Into<Value>) -> Filter {
        self.compare(Comparison::Less, value)
    }

    /// Rows below a value or with it.
    pub fn le(self, value: impl Into<Value>) -> Filter {
        self.compare(Comparison::LessOrEqual, value)
    }

    /// Rows above a value.
    pub fn gt(self, value: impl Into<Value>) -> Filter {
        self.compare(Comparison::Greater, value)
    }

    /// Rows above a value or with it.
    pub fn ge(self, value: impl Into<Value>) -> Filter {
        self.compare(Comparison::GreaterOrEqual, value)
    }

    /// Rows from the first value to the second, both included.
    pub fn between(self, first: impl Into<Value>, last: impl Into<Value>) -> Filter {
        self.clone().ge(first).and(self.le(last))
    }

    /// Rows with one of these values.
    pub fn is_in<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter {
        let one = |value: V| Condition::Compare(self.0.clone(), Comparison::Equal, value.into());
        Filter(Condition::Any(values.into_iter().map(one).collect()))
    }

    /// Rows in which the value is absent.
    #[must_use]
    pub fn is_null(self) -> Filter {
        Filter(Condition::Null(self.0))
    }

    /// Rows in which there is a value.
    #[must_use]
    pub fn is_not_null(self) -> Filter {
        !self.is_null()
    }
}

impl Filter {
    /// Rows that meet both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Condition::All(vec![self.0, other.0]))
    }

    /// Rows that meet one of the conditions, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Condition::Any(vec![self.0, other.0]))
    }

    /// The columns that the condition speaks of, each once.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.columns(&mut names);
        names
    }

    /// The rows of a batch that meet the condition. The batch has the condition's columns.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] for a column that is not there, [`ErrorKind::Mismatch`] for one of another type.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = self.bind(batch.schema_ref())?.evaluate(batch)?;
        arrow::compute::filter_record_batch(batch, &rows)
            .map_err(|error| Error::new(ErrorKind::Corrupt, "the rows cannot be filtered").with_source(error))
    }

    /// The condition in two: what must hold beside what `apart` picks of it. Together they are the whole.
    pub(super) fn split(self, apart: impl Fn(&Self) -> bool) -> (Option<Self>, Option<Self>) {
        let mut parts = Vec::new();
        self.0.flatten(&mut parts);
        let (apart, rest): (Vec<_>, Vec<_>) = parts.into_iter().map(Self).partition(apart);
        let all = |parts: Vec<Self>| parts.into_iter().reduce(Self::and);
        (all(rest), all(apart))
    }

    /// The condition with its values as the columns of `schema` hold them.
    pub(super) fn bind(&self, schema: &ArrowSchema) -> Result<Bound> {
        self.0.bind(schema)
    }
}

impl std::ops::Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        Self(Condition::Not(Box::new(self.0)))
    }
}

impl Condition {
    /// The conditions that have to hold all.
    fn flatten(self, parts: &mut Vec<Self>) {
        match self {
            Self::All(inner) => inner.into_iter().for_each(|part| part.flatten(parts)),
            other => parts.push(other),
        }
    }

    fn columns<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Compare(name, ..) | Self::Null(name) => {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.columns(names)),
            Self::Not(part) => part.columns(names),
        }
    }

    fn bind(&self, schema: &ArrowSchema) -> Result<Bound> {
        let all = |parts: &[Self]| parts.iter().map(|part| part.bind(schema)).collect::<Result<Vec<_>>>();
        let field = |name: &str| -> Result<&Field> {
            let place = place_of(name, schema.fields().iter().map(|field| field.name().as_str()))?;
            Ok(schema.field(place))
        };
        Ok(match self {
            Self::All(parts) => Bound::All(all(parts)?),
            Self::Any(parts) => Bound::Any(all(parts)?),
            Self::Not(part) => Bound::Not(Box::new(part.bind(schema)?)),
            Self::Null(name) => Bound::Test(field(name)?.name().clone(), Test::Null),
            Self::Compare(name, comparison, value) => {
                let rank = value.rank(field(name)?.data_type()).map_err(|error| error.at_field(name))?;
                Bound::Test(name.clone(), rank.test(*comparison))
            }
        })
    }
}
