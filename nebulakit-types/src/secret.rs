//! Text that must not show.

use std::fmt;

use zeroize::Zeroizing;

/// The text of a secret.
///
/// It shows only through [`expose`](Self::expose): it has no `Display`, its `Debug` says nothing, and its memory is zeroed when it is
/// dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    /// Surrounding white space is dropped: a line break at the end of a mounted secret is never part of it. A `String` that is handed over
    /// is zeroed.
    fn from(text: T) -> Self {
        let text = Zeroizing::new(text.into());
        Self(Zeroizing::new(text.trim().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_trimmed_and_does_not_show() {
        let secret = Secret::from("hunter2\n");
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
    }
}
