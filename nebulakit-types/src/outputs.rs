//! What a task function may return, and how it becomes named outputs.

use std::collections::HashMap;

use crate::convert::MERGED;
use crate::convert::kind::Kind;
use crate::convert::reader::{Entries, LiteralRef, References};
use crate::convert::shapes::Shapes;
use crate::convert::writer::Encoder;
use crate::outbox::Outbox;
use crate::{Dialect, Error, ErrorKind, Literal, LiteralType, NebulaType, Result};

/// One finished output: its name and the bytes of its literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The name under which the interface declares it.
    pub name: &'static str,
    /// The literal.
    pub literal: Vec<u8>,
}

/// Collects the outputs of one call, in the order in which they are declared.
#[derive(Debug)]
pub struct OutputWriter {
    names: &'static [&'static str],
    dialect: &'static Dialect,
    outputs: Vec<Output>,
    outbox: Outbox,
}

/// The outputs of one call, and the data that has to be stored before them.
#[derive(Debug, Default)]
pub struct Written {
    /// The outputs, in the order in which they are declared.
    pub outputs: Vec<Output>,
    /// The data of files, directories and tables among them.
    pub outbox: Outbox,
}

impl OutputWriter {
    /// A writer that gives `names` to the outputs, one after the other, and puts their data into `outbox`.
    #[must_use]
    pub fn new(names: &'static [&'static str], dialect: &'static Dialect, outbox: Outbox) -> Self {
        Self { names, dialect, outputs: Vec::with_capacity(names.len()), outbox }
    }

    /// Encodes the next output and drops the value, so that a large one is not held twice.
    ///
    /// # Errors
    /// When the value cannot be encoded, with the output's name.
    pub fn put<T: NebulaType>(&mut self, value: T) -> Result<()> {
        let name = self.names.get(self.outputs.len()).copied().unwrap_or_default();
        let mut encoder = Encoder::sending(self.dialect, std::mem::take(&mut self.outbox));
        value.encode(&mut encoder).map_err(|error| error.at_field(name))?;
        drop(value);
        self.outbox = std::mem::take(encoder.outbox());
        self.outputs.push(Output { name, literal: encoder.finish() });
        Ok(())
    }

    /// The outputs and their data.
    #[must_use]
    pub fn finish(self) -> Written {
        Written { outputs: self.outputs, outbox: self.outbox }
    }
}

/// The outputs of a call that is over, to be read as values, in the order in which they are declared.
#[derive(Debug)]
pub struct OutputReader<'a> {
    names: &'a [&'a str],
    literals: HashMap<&'a str, LiteralRef<'a>>,
}

impl<'a> OutputReader<'a> {
    /// A reader of `outputs`, which are declared as `names`.
    pub fn new(names: &'a [&'a str], outputs: impl IntoIterator<Item = (&'a str, LiteralRef<'a>)>) -> Self {
        Self { names, literals: outputs.into_iter().collect() }
    }

    /// A reader of an `outputs.pb` with these bytes, and of what its literals refer to.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a map of literals.
    pub fn parse(names: &'a [&'a str], bytes: &'a [u8], references: &'a References) -> Result<Self> {
        let mut literals = HashMap::new();
        let mut entries = Entries::of_map(bytes, references);
        while let Some((name, literal)) = entries.next()? {
            literals.insert(name, literal);
        }
        Ok(Self { names, literals })
    }

    /// The next output, as a value.
    ///
    /// # Errors
    /// With the output's name: when the literal is not a `T`, or there is none and it has to be there.
    pub fn take<T: NebulaType>(&mut self) -> Result<T> {
        let (name, names) = self.names.split_first().map_or(("", self.names), |(name, names)| (*name, names));
        self.names = names;
        let value = match self.literals.remove(name) {
            Some(literal) => T::decode(literal),
            None => T::absent().ok_or_else(|| {
                let expected = T::literal_type(&Dialect::FLYTE_1);
                Error::new(ErrorKind::Missing, format!("the output is missing; expected `{expected}`"))
            }),
        };
        value.map_err(|error| error.at_field(name))
    }
}

/// What stands for a task's outputs: nothing, one value, a tuple, or a struct with `#[derive(TaskOutputs)]`.
#[diagnostic::on_unimplemented(
    message = "a task cannot return `{Self}`",
    label = "neither a type that Flyte knows nor a tuple of such types",
    note = "return a value that travels between tasks, a tuple of up to 12 of them, or a struct with `#[derive(TaskOutputs)]`; for a struct or an enum of your own, add `#[derive(NebulaType)]`",
    note = "the path of a file or folder is a `File` or a `Directory`, which bring what lies there; any type that serde reads and writes is a `nebulakit::Json<T>`"
)]
pub trait TaskOutputs: Sized + 'static {
    /// The names of the outputs, unless the task gives others.
    const NAMES: &'static [&'static str];

    /// Whether two values of an output are the same on the wire; see [`NebulaType::MERGES_NONE`].
    const MERGES_NONE: bool = false;

    /// The kind of each output, in the order of the names; none where the compiler cannot tell.
    const KINDS: &'static [Kind] = &[];

    /// What a map over a task with these outputs gives: a list in the place of each output.
    type Each: MapOutputs;

    /// The type of each output, in the order of the names.
    fn literal_types(dialect: &Dialect) -> Vec<LiteralType>;

    /// Hands every output to `writer`, in the order of the names.
    ///
    /// # Errors
    /// When a value cannot be encoded.
    fn write(self, writer: &mut OutputWriter) -> Result<()>;

    /// Takes every output from `reader`, in the order of the names.
    ///
    /// # Errors
    /// With the output's name: when one is missing, or of another type.
    fn read(reader: &mut OutputReader<'_>) -> Result<Self>;

    /// Adds the structs and enums that the outputs are or hold.
    fn shapes(_shapes: &mut Shapes) {}
}

/// What a map over a task gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a map over a task gives",
    label = "only the elements of a map may fail",
    note = "`.min_success_ratio(..)` and `.min_successes(..)` belong to what `task::map(..)` returned"
)]
pub trait MapOutputs: Sized + 'static {
    /// The same with an `Option` in the place of each element, where some of them may fail.
    type Partial: 'static;
}

#[diagnostic::do_not_recommend]
impl<T: NebulaType> MapOutputs for Vec<T> {
    type Partial = Vec<Option<T>>;
}

/// The names of outputs that have none of their own.
const NAMES: [&str; 12] = ["o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8", "o9", "o10", "o11"];

impl<T: NebulaType> TaskOutputs for T {
    const NAMES: &'static [&'static str] = if T::IS_NOTHING { &[] } else { NAMES.split_at(1).0 };
    const MERGES_NONE: bool = T::MERGES_NONE;
    const KINDS: &'static [Kind] = &[T::KIND];

    type Each = Vec<T>;

    fn literal_types(dialect: &Dialect) -> Vec<LiteralType> {
        if T::IS_NOTHING { Vec::new() } else { vec![T::literal_type(dialect)] }
    }

    fn write(self, writer: &mut OutputWriter) -> Result<()> {
        if T::IS_NOTHING { Ok(()) } else { writer.put(self) }
    }

    fn read(reader: &mut OutputReader<'_>) -> Result<Self> {
        if T::IS_NOTHING { T::decode(LiteralRef::new(&Literal::none().encode(), References::none())) } else { reader.take() }
    }

    fn shapes(shapes: &mut Shapes) {
        T::shapes(shapes);
    }
}

macro_rules! tuples {
    ($(($count:literal: $($element:ident $index:tt),*))*) => {$(
        impl<$($element: NebulaType),*> TaskOutputs for ($($element,)*) {
            const NAMES: &'static [&'static str] = NAMES.split_at($count).0;
            const MERGES_NONE: bool = $($element::MERGES_NONE)||*;
            const KINDS: &'static [Kind] = &[$($element::KIND),*];

            type Each = ($(Vec<$element>,)*);

            fn literal_types(dialect: &Dialect) -> Vec<LiteralType> {
                vec![$($element::literal_type(dialect)),*]
            }

            fn write(self, writer: &mut OutputWriter) -> Result<()> {
                $(writer.put(self.$index)?;)*
                Ok(())
            }

            fn read(reader: &mut OutputReader<'_>) -> Result<Self> {
                Ok(($(reader.take::<$element>()?,)*))
            }

            fn shapes(shapes: &mut Shapes) {
                $($element::shapes(shapes);)*
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($element: NebulaType),*> MapOutputs for ($(Vec<$element>,)*) {
            type Partial = ($(Vec<Option<$element>>,)*);
        }
    )*};
}

tuples! {
    (1: A 0)
    (2: A 0, B 1)
    (3: A 0, B 1, C 2)
    (4: A 0, B 1, C 2, D 3)
    (5: A 0, B 1, C 2, D 3, E 4)
    (6: A 0, B 1, C 2, D 3, E 4, F 5)
    (7: A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (9: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (10: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (11: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (12: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}

/// What a task function may return: outputs, or a `Result` of them with any error that converts into `anyhow::Error`.
#[diagnostic::on_unimplemented(
    message = "a task cannot return `{Self}`",
    label = "neither outputs nor a `Result` of outputs",
    note = "return a value that travels between tasks, a tuple of up to 12 of them, or a `Result<_, E>` whose `E` converts into `anyhow::Error` (text does not: `anyhow::bail!` makes an error of it); for a struct or an enum of your own, add `#[derive(NebulaType)]`",
    note = "the path of a file or folder is a `File` or a `Directory`, which bring what lies there; any type that serde reads and writes is a `nebulakit::Json<T>`"
)]
pub trait TaskReturn: 'static {
    /// The outputs when all went well.
    type Outputs: TaskOutputs;

    /// The outputs, or the error of the task's own code.
    ///
    /// # Errors
    /// What the task returned.
    fn into_outputs(self) -> anyhow::Result<Self::Outputs>;
}

impl<T: TaskOutputs> TaskReturn for T {
    type Outputs = T;

    fn into_outputs(self) -> anyhow::Result<T> {
        Ok(self)
    }
}

impl<T: TaskOutputs, E: Into<anyhow::Error> + 'static> TaskReturn for Result<T, E> {
    type Outputs = T;

    fn into_outputs(self) -> anyhow::Result<T> {
        self.map_err(Into::into)
    }
}

fn take<T: NebulaType>(reader: &mut OutputReader<'_>) -> Result<T> {
    reader.take()
}

/// One field of a struct of outputs, typed; the bound on `T` is named once, in [`OutputField::new`].
pub struct OutputField<T> {
    kind: Kind,
    literal_type: fn(&Dialect) -> LiteralType,
    put: fn(&mut OutputWriter, T) -> Result<()>,
    take: fn(&mut OutputReader<'_>) -> Result<T>,
    shapes: fn(&mut Shapes),
}

impl<T> std::fmt::Debug for OutputField<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutputField").finish_non_exhaustive()
    }
}

impl<T> OutputField<T> {
    /// An output of type `T`.
    ///
    /// # Panics
    /// In a constant, at compile time: when two values of the type are the same on the wire.
    #[must_use]
    pub const fn new() -> Self
    where
        T: NebulaType,
    {
        assert!(!T::MERGES_NONE, "{}", MERGED);
        Self { kind: T::KIND, literal_type: T::literal_type, put: OutputWriter::put::<T>, take: take::<T>, shapes: T::shapes }
    }
}

impl<T: NebulaType> Default for OutputField<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> OutputField<T> {
    /// The kind of the output.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The type of the output.
    #[must_use]
    pub fn literal_type(&self, dialect: &Dialect) -> LiteralType {
        (self.literal_type)(dialect)
    }

    /// Adds the structs and enums of the output's type.
    pub fn shapes(&self, shapes: &mut Shapes) {
        (self.shapes)(shapes);
    }

    /// Hands the output to `writer`.
    ///
    /// # Errors
    /// When the value cannot be encoded.
    pub fn put(&self, value: T, writer: &mut OutputWriter) -> Result<()> {
        (self.put)(writer, value)
    }

    /// Takes the output from `reader`.
    ///
    /// # Errors
    /// Those of [`OutputReader::take`].
    pub fn take(&self, reader: &mut OutputReader<'_>) -> Result<T> {
        (self.take)(reader)
    }
}
