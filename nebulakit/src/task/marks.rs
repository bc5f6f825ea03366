//! What an error says of itself to the platform: whether another attempt may help, and its code.
//!
//! Marks come from three places: `ResultExt` puts them around an error, as its context; a `TaskError` holds them; and error types with
//! `#[derive(TaskFailure)]` say them of their variants. All are looked for in every cause of an error, so that they are found below
//! contexts and inside of other errors.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};

/// What an error is marked with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    pub(crate) recoverable: Option<bool>,
    pub(crate) code: Option<String>,
}

impl Marks {
    /// Marks of an error type's variant.
    #[must_use]
    pub fn new(recoverable: Option<bool>, code: Option<&'static str>) -> Self {
        Self { recoverable, code: code.map(str::to_owned) }
    }

    /// What an error and all that caused it are marked with: of several marks of one kind the outermost counts.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        error.chain().fold(Self::default(), |marks, cause| marks.or(|| Self::of_cause(cause)))
    }

    fn of_cause(cause: &(dyn StdError + 'static)) -> Self {
        let known = inventory::iter::<KnownFailure>().find_map(|known| (known.0)(cause));
        known.unwrap_or_default().or(|| said_by(cause))
    }

    /// These, and those of `others` of which there are none here.
    pub(crate) fn or(self, others: impl FnOnce() -> Self) -> Self {
        if self.recoverable.is_some() && self.code.is_some() {
            return self;
        }
        let others = others();
        Self { recoverable: self.recoverable.or(others.recoverable), code: self.code.or(others.code) }
    }

    /// Puts the marks around `error`, whose own type can still be asked for.
    pub(crate) fn put_on(self, error: anyhow::Error) -> anyhow::Error {
        let text = error.to_string();
        error.context(Marked { marks: self, text })
    }
}

/// An error type whose variants are marked; `#[derive(TaskFailure)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what the platform should make of it",
    note = "add `#[derive(TaskFailure)]`"
)]
pub trait TaskFailure: StdError + Send + Sync + 'static {
    /// What this value is marked with.
    fn marks(&self) -> Marks;
}

/// An error type that announces itself.
#[derive(Debug)]
pub struct KnownFailure(fn(&(dyn StdError + 'static)) -> Option<Marks>);

inventory::collect!(KnownFailure);

impl KnownFailure {
    /// The type `E`.
    #[must_use]
    pub const fn new<E: TaskFailure>() -> Self {
        Self(|cause| cause.downcast_ref::<E>().map(TaskFailure::marks))
    }
}

/// Marks as the context of an [`anyhow::Error`], which says what the error below it says.
struct Marked {
    marks: Marks,
    text: String,
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.marks.tell() { Ok(()) } else { f.write_str(&self.text) }
    }
}

thread_local! {
    /// The marks that have been told so far, while some are asked for.
    static TOLD: RefCell<Option<Marks>> = const { RefCell::new(None) };
}

impl Marks {
    /// Tells the marks, if it is they that are asked for and not the text of their error.
    pub(crate) fn tell(&self) -> bool {
        TOLD.with_borrow_mut(|told| {
            let outer = told.take();
            let is_asked = outer.is_some();
            *told = outer.map(|outer| outer.or(|| self.clone()));
            is_asked
        })
    }
}

/// The marks that `cause` carries, as a context or as an error of ours.
///
/// `anyhow` shows the contexts of an error that is inside of another one to nobody, but by their text. So the text is asked for, and the
/// answer is the marks.
fn said_by(cause: &dyn StdError) -> Marks {
    /// Ends the asking, also where an error's own text panics.
    struct Asking;

    impl Drop for Asking {
        fn drop(&mut self) {
            TOLD.take();
        }
    }

    struct Nowhere;

    impl fmt::Write for Nowhere {
        fn write_str(&mut self, _: &str) -> fmt::Result {
            Ok(())
        }
    }

    let _asking = Asking;
    TOLD.set(Some(Marks::default()));
    // An error whose text cannot be written has told what it could.
    let _ = write!(Nowhere, "{cause}");
    TOLD.take().unwrap_or_default()
}
