//! What kind of literal a type travels as, as far as the compiler can tell: what a container task asks, whose values are files.
//!
//! The rules are those of Flyte's copilot, which carries inputs and outputs of such a task on a platform.

/// What kind of literal a type travels as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not known before the program runs.
    Unknown,
    /// Nothing.
    None,
    /// A number, a text, a truth or a time.
    Plain,
    /// One of the values of an enum, which is text.
    Enum,
    /// A struct, or any untyped value.
    Struct,
    /// Bytes.
    Bytes,
    /// An error.
    Error,
    /// A file or a directory.
    Blob,
    /// A list of values of that kind.
    List(&'static Self),
    /// A map to values of that kind.
    Map(&'static Self),
    /// One of several types.
    Union,
    /// A table.
    Table,
    /// A table of flytekit's older `FlyteSchema`.
    LegacyTable,
}

impl Kind {
    /// Why a container task cannot take it; [`None`] where it can, and where that is not known.
    #[must_use]
    pub const fn refused_as_input(&self) -> Option<&'static str> {
        match self {
            Self::Table => {
                Some("a container task cannot take a table: Flyte's copilot does not bring one as files; take a `File` or a `Directory`")
            }
            Self::List(of) | Self::Map(of) => of.refused_as_input(),
            _ => None,
        }
    }

    /// Why a container task cannot give it; [`None`] where it can, and where that is not known.
    #[must_use]
    pub const fn refused_as_output(&self) -> Option<&'static str> {
        match self {
            Self::List(_) => {
                Some("a container task cannot give a list: Flyte's copilot does not collect one; give a struct that holds it, or a `File`")
            }
            Self::Map(_) => Some("a container task cannot give a map: Flyte's copilot does not collect one; give a struct, or a `File`"),
            Self::Union => Some(
                "a container task cannot give an `Option` or another union: Flyte's copilot does not collect one; give one type, or a struct that holds it",
            ),
            Self::Enum => Some("a container task cannot give an enum: Flyte's copilot does not collect one; give a `String`"),
            Self::Table | Self::LegacyTable => {
                Some("a container task cannot give a table: Flyte's copilot does not collect one; give a `File` or a `Directory`")
            }
            _ => None,
        }
    }

    /// Why `{{.inputs.x}}` cannot stand for it; [`None`] where it can, and where that is not known.
    #[must_use]
    pub const fn refused_as_text(&self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Plain | Self::Enum | Self::Blob | Self::LegacyTable => None,
            Self::List(of) => of.refused_as_text(),
            Self::Union => {
                Some("`{{.inputs.x}}` cannot stand for an `Option` or another union, which has no text form; let the program read the file")
            }
            Self::Map(_) | Self::Struct => {
                Some("`{{.inputs.x}}` cannot stand for a map or a struct, which has no text form; let the program read the file")
            }
            Self::Bytes => Some("`{{.inputs.x}}` cannot stand for bytes, which have no text form; let the program read the file"),
            Self::Table | Self::None | Self::Error => {
                Some("`{{.inputs.x}}` cannot stand for a table, an error or `()`, which have no text form; let the program read the file")
            }
        }
    }
}
