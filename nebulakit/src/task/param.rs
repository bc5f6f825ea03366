//! One input of a task: its name, type, default and conversions.

use std::any::Any;

use nebulakit_types::convert::MERGED;
use nebulakit_types::convert::kind::Kind;
use nebulakit_types::convert::reader::LiteralRef;
use nebulakit_types::convert::shapes::Shapes;
use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::{Dialect, Error, ErrorKind, LiteralType, NebulaType, Result};

use crate::task::failure::Panicked;
use crate::task::inputs::Inputs;
use crate::task::panic::{silently, told};

/// One input of a task, typed.
///
/// The bound on `T` is named once, in [`Param::new`]: everything else goes through the functions stored there, so that a parameter of
/// an unsupported type is exactly one error.
pub struct Param<T> {
    name: &'static str,
    doc: &'static str,
    kind: Kind,
    default: Option<fn() -> T>,
    literal_type: fn(&Dialect) -> LiteralType,
    decode: fn(LiteralRef<'_>) -> Result<T>,
    encode: fn(&T, &mut Encoder) -> Result<()>,
    absent: fn() -> Option<T>,
    shapes: fn(&mut Shapes),
}

impl<T> std::fmt::Debug for Param<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Param").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T> Param<T> {
    /// An input called `name`.
    ///
    /// # Panics
    /// In a constant, at compile time: when two values of the type are the same on the wire.
    #[must_use]
    pub const fn new(name: &'static str, doc: &'static str) -> Self
    where
        T: NebulaType,
    {
        assert!(!T::MERGES_NONE, "{}", MERGED);
        Self {
            name,
            doc,
            kind: T::KIND,
            default: None,
            literal_type: T::literal_type,
            decode: T::decode,
            encode: T::encode,
            absent: T::absent,
            shapes: T::shapes,
        }
    }
}

impl<T> Param<T> {
    /// The value when the input is absent.
    #[must_use]
    pub const fn default(mut self, value: fn() -> T) -> Self {
        self.default = Some(value);
        self
    }

    /// An input of a container task, which gets it as files.
    ///
    /// # Panics
    /// In a constant, at compile time: when Flyte's copilot cannot bring it.
    #[must_use]
    #[track_caller]
    pub const fn as_file(self) -> Self {
        if let Some(reason) = self.kind.refused_as_input() {
            panic!("{}", reason);
        }
        self
    }

    /// An input that stands in the command of a container task.
    ///
    /// # Panics
    /// In a constant, at compile time: when it has no text form.
    #[must_use]
    #[track_caller]
    pub const fn as_text(self) -> Self {
        if let Some(reason) = self.kind.refused_as_text() {
            panic!("{}", reason);
        }
        self
    }

    /// Takes the input's value: the literal, else the default, else what stands for an absent value.
    ///
    /// # Errors
    /// With the input's name: when the literal is not a `T`, or there is none and it has to be there.
    pub fn take(&self, inputs: &mut Inputs<'_>) -> Result<T> {
        match inputs.take(self.name) {
            Some(literal) => self.read(literal),
            None => match self.default {
                Some(default) => {
                    told(default).map_err(|panic| panicked("the input is missing, and its default", panic).at_field(self.name))
                }
                None => (self.absent)().ok_or_else(|| self.missing()),
            },
        }
    }

    fn read(&self, literal: LiteralRef<'_>) -> Result<T> {
        // The default of a field that is left out is the user's own code.
        told(|| (self.decode)(literal))
            .unwrap_or_else(|panic| Err(panicked("a default in the value", panic)))
            .map_err(|error| error.at_field(self.name))
    }

    #[cold]
    fn missing(&self) -> Error {
        let expected = (self.literal_type)(&Dialect::FLYTE_1);
        Error::new(ErrorKind::Missing, format!("the input is missing; expected `{expected}`")).at_field(self.name)
    }
}

/// The error of a value whose default, which is the user's own code, panicked.
#[cold]
fn panicked(what: &str, panic: Panicked) -> Error {
    Error::new(ErrorKind::Missing, format!("{what} panicked at {panic}")).with_source(panic)
}

/// A [`Param`] of any type.
pub trait AnyParam: Any + Sync + std::fmt::Debug {
    /// The input's name.
    fn name(&self) -> &'static str;

    /// The parameter's doc comment; empty when there is none.
    fn doc(&self) -> &'static str;

    /// The input's type.
    fn literal_type(&self, dialect: &Dialect) -> LiteralType;

    /// The literal of the default, if the parameter has one.
    ///
    /// # Errors
    /// When the default cannot be encoded.
    fn default_literal(&self, dialect: &'static Dialect) -> Option<Result<Vec<u8>>>;

    /// Whether the input may be left out.
    fn is_optional(&self) -> bool;

    /// Looks whether a literal is a value of the input.
    ///
    /// # Errors
    /// With the input's name: when it is not.
    fn check(&self, literal: LiteralRef<'_>) -> Result<()>;

    /// Adds the structs and enums that the input's type names.
    fn shapes(&self, shapes: &mut Shapes);
}

impl dyn AnyParam {
    /// Takes the input's value, which is a `T`.
    pub(super) fn take<T: 'static>(&self, inputs: &mut Inputs<'_>) -> Result<T> {
        let param = (self as &dyn Any).downcast_ref::<Param<T>>();
        param.expect("a task's verbs are written with the types of its inputs").take(inputs)
    }
}

impl<T: 'static> AnyParam for Param<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn literal_type(&self, dialect: &Dialect) -> LiteralType {
        // Defaults of fields are the user's own code, and those that panic are left out.
        silently(|| (self.literal_type)(dialect))
    }

    fn default_literal(&self, dialect: &'static Dialect) -> Option<Result<Vec<u8>>> {
        let default = self.default?;
        let mut encoder = Encoder::new(dialect);
        Some(
            told(default)
                .map_err(|panic| panicked("the default", panic))
                .and_then(|value| (self.encode)(&value, &mut encoder))
                .map(|()| encoder.finish()),
        )
    }

    fn is_optional(&self) -> bool {
        self.default.is_some() || (self.absent)().is_some()
    }

    fn check(&self, literal: LiteralRef<'_>) -> Result<()> {
        self.read(literal).map(drop)
    }

    fn shapes(&self, shapes: &mut Shapes) {
        (self.shapes)(shapes);
    }
}
