// `#[derive(TaskFailure)]` on enums and structs, with the marks on the type, on variants, and on both.
#![deny(warnings)]

use std::fmt;

use nebulakit::testing::{RunError, run_blocking};
use nebulakit::{TaskFailure, task};

/// Marks of each variant, of every kind.
#[derive(Debug, TaskFailure)]
pub enum LoadError {
    /// No fields.
    #[failure(recoverable, code = "LOAD:Away")]
    Away,
    /// Without a name.
    #[failure(permanent)]
    Broken(i64),
    /// With names; in two attributes.
    #[failure(code = "LOAD:Slow")]
    #[failure(recoverable)]
    Slow { seconds: f64 },
    /// Nothing is said of it.
    Odd,
}

/// The type's marks hold where a variant does not say otherwise.
#[derive(Debug, TaskFailure)]
#[failure(recoverable, code = "SAVE", crate = ::nebulakit)]
pub enum SaveError {
    Full,
    #[failure(permanent)]
    Denied,
    #[failure(code = "SAVE:Late",)]
    Late,
}

#[derive(Debug, TaskFailure)]
#[failure(permanent)]
pub struct Never;

#[derive(Debug, TaskFailure)]
#[failure(code = "A:B")]
pub struct Told(pub String);

/// It cannot be made, and has to compile all the same.
#[derive(Debug, TaskFailure)]
#[failure(recoverable)]
pub enum Nothing {}

macro_rules! errors {
    ($($ty:ident)*) => {$(
        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self:?}")
            }
        }

        impl std::error::Error for $ty {}
    )*};
}

errors!(LoadError SaveError Never Told Nothing);

#[task]
fn load(case: i64) -> Result<(), LoadError> {
    Err(match case {
        0 => LoadError::Away,
        1 => LoadError::Broken(1),
        2 => LoadError::Slow { seconds: 2.5 },
        _ => LoadError::Odd,
    })
}

#[task]
async fn save(case: i64) -> Result<(), SaveError> {
    Err(match case {
        0 => SaveError::Full,
        1 => SaveError::Denied,
        _ => SaveError::Late,
    })
}

#[task]
fn never() -> Result<i64, Never> {
    Err(Never)
}

#[task]
fn told(text: String) -> Result<i64, Told> {
    Err(Told(text))
}

#[task]
fn cannot_fail() -> Result<i64, Nothing> {
    Ok(1)
}

pub fn main() {
    let marks = |error: &RunError| (error.code().to_owned(), error.is_recoverable());
    let loaded = [0, 1, 2, 3].map(|case| marks(&run_blocking(load::with(case)).unwrap_err()));
    let plain = || "USER:RuntimeError".to_owned();
    assert_eq!(
        loaded,
        [("LOAD:Away".to_owned(), Some(true)), (plain(), Some(false)), ("LOAD:Slow".to_owned(), Some(true)), (plain(), None)]
    );
    let saved = [0, 1, 2].map(|case| marks(&run_blocking(save::with(case)).unwrap_err()));
    let save = || "SAVE".to_owned();
    assert_eq!(saved, [(save(), Some(true)), (save(), Some(false)), ("SAVE:Late".to_owned(), Some(true))]);
    assert_eq!(marks(&run_blocking(never::with()).unwrap_err()), (plain(), Some(false)));
    let error = run_blocking(told::with("why")).unwrap_err();
    assert_eq!(marks(&error), ("A:B".to_owned(), None));
    assert_eq!(error.downcast_ref::<Told>().map(|told| told.0.as_str()), Some("why"));
    assert_eq!(run_blocking(cannot_fail::with()).unwrap(), 1);
}
