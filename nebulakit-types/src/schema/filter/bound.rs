//! Conditions on columns of known types.

use arrow::array::ArrayRef;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::schema) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition on columns of known types.
#[derive(Debug, Clone)]
pub(in crate::schema) enum Bound {
    Test(String, Test),
    All(Vec<Bound>),
    Any(Vec<Bound>),
    Not(Box<Bound>),
}

/// What is asked of the values of one column.
#[derive(Debug, Clone)]
pub(in crate::schema) enum Test {
    /// The comparison with the one value of the array.
    Compare(Comparison, ArrayRef),
    /// The same for every value that is there.
    Always(bool),
    /// Whether there is none.
    Null,
}

impl Bound {
    /// The columns, each once.
    pub(in crate::schema) fn columns<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Test(name, _) => {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.columns(names)),
            Self::Not(part) => part.columns(names),
        }
    }
}
