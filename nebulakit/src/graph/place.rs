//! Where something is written.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest place that is read, in bytes: each problem has its places for itself.
const MAX_PLACE_BYTES: usize = 4_096;

/// A place in the source of a program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the compiler was told its path.
    pub file: Cow<'static, str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
}

impl Place {
    /// Makes a place of which the column is not known.
    #[must_use]
    pub fn new(file: impl Into<Cow<'static, str>>, line: u32) -> Self {
        Self { file: file.into(), line, column: 0 }
    }
}

impl From<&'static Location<'static>> for Place {
    fn from(location: &'static Location<'static>) -> Self {
        Self { file: Cow::Borrowed(location.file()), line: location.line(), column: location.column() }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > MAX_PLACE_BYTES {
            return Err(D::Error::custom(format_args!("a place has at most {MAX_PLACE_BYTES} bytes")));
        }
        let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let numbered = |text: &str| text.rsplit_once(':').and_then(|(rest, last)| Some((rest.to_owned(), number(last)?)));
        let (rest, last) = numbered(&text).ok_or_else(|| D::Error::custom("a place is written as `file:line:column`"))?;
        Ok(match numbered(&rest) {
            Some((file, line)) => Self { file: file.into(), line, column: last },
            None => Self { file: rest.into(), line: last, column: 0 },
        })
    }
}

impl fmt::Display for Place {
    /// Writes `src/main.rs:12:5`, as compilers do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 { write!(f, ":{}", self.column) } else { Ok(()) }
    }
}
