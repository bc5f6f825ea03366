//! What may be given for an input.

use std::fmt;
use std::marker::PhantomData;

use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::{NebulaType, Result};

/// A value for an input; it is encoded when it is known for whom.
pub struct Value(pub(crate) Option<Encode>);

/// Writes a value as one literal.
pub(crate) type Encode = Box<dyn Fn(&mut Encoder) -> Result<()> + Send>;

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Value" } else { "Default" })
    }
}

impl Value {
    /// None, for an input that is left out.
    pub(crate) fn left_out() -> Self {
        Self(None)
    }

    fn new<T: NebulaType + Send>(value: T) -> Self {
        Self(Some(Box::new(move |encoder| value.encode(encoder))))
    }
}

/// What may be given for an input of type `T`: a `T`, text in quotes for a `String`, what an `Option` holds, and [`const@Default`] where the input
/// may be left out.
pub trait IntoValue<T> {
    /// The value.
    fn into_value(self) -> Value;
}

impl<T: TakesValue<A>, A> IntoValue<T> for A {
    fn into_value(self) -> Value {
        T::given(self)
    }
}

/// [`IntoValue`] from the input's side, which makes the compiler's messages short.
#[diagnostic::on_unimplemented(
    message = "`{A}` cannot be given to an input of type `{Self}`",
    label = "expected `{Self}`",
    note = "an input takes a value of its type, text in quotes for a `String`, what an `Option` holds, and `Default` where it may be left out"
)]
pub trait TakesValue<A> {
    /// The value.
    fn given(given: A) -> Value;
}

/// An input with a default.
#[derive(Debug)]
pub struct OrDefault<T>(PhantomData<T>);

/// The type of [`const@Default`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Omitted;

/// Leaves an input out that has a default, or whose type is an `Option`.
///
/// It is a value beside the trait of the standard library, which goes on working.
#[expect(non_upper_case_globals, reason = "it reads as the word that it is")]
pub const Default: Omitted = Omitted;

impl<T: NebulaType + Send> TakesValue<T> for T {
    fn given(given: T) -> Value {
        Value::new(given)
    }
}

#[diagnostic::do_not_recommend]
impl<T: NebulaType + Send> TakesValue<T> for Option<T> {
    fn given(given: T) -> Value {
        Value::new(Some(given))
    }
}

#[diagnostic::do_not_recommend]
impl TakesValue<&str> for String {
    fn given(given: &str) -> Value {
        Value::new(given.to_owned())
    }
}

#[diagnostic::do_not_recommend]
impl TakesValue<&str> for Option<String> {
    fn given(given: &str) -> Value {
        Value::new(Some(given.to_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl<T> TakesValue<Omitted> for Option<T> {
    fn given(_: Omitted) -> Value {
        Value::left_out()
    }
}

#[diagnostic::do_not_recommend]
impl<T: NebulaType + Send> TakesValue<T> for OrDefault<T> {
    fn given(given: T) -> Value {
        Value::new(given)
    }
}

#[diagnostic::do_not_recommend]
impl<T: NebulaType + Send> TakesValue<T> for OrDefault<Option<T>> {
    fn given(given: T) -> Value {
        Value::new(Some(given))
    }
}

#[diagnostic::do_not_recommend]
impl TakesValue<&str> for OrDefault<String> {
    fn given(given: &str) -> Value {
        Value::new(given.to_owned())
    }
}

#[diagnostic::do_not_recommend]
impl<T> TakesValue<Omitted> for OrDefault<T> {
    fn given(_: Omitted) -> Value {
        Value::left_out()
    }
}
