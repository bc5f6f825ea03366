//! Texts from outside, as long as people read.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// The first `most` characters of a text.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}..", &text[..end]).into(),
        None => text.into(),
    }
}

/// The first `most` characters of what `of` writes; the rest is not written at all.
pub(super) fn written(of: &dyn fmt::Display, most: usize) -> String {
    let mut start = Start { text: String::new(), left: most + 1 };
    // It ends with an error where it has enough.
    let _ = write!(start, "{of}");
    cut(&start.text, most).into_owned()
}

struct Start {
    text: String,
    left: usize,
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(letter);
        }
        Ok(())
    }
}
