//! Writes HTML: markup is ours, and everything else is text, which is escaped.

use std::fmt::Display;

use nebulakit_types::visible;

use crate::services::deck::push_escaped;

/// A page, as far as it has been written.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds markup, which must come from this program.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, in an element or in an attribute in double quotes. Control characters are shown escaped.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Self {
        push_escaped(&mut self.0, &visible::lines(&text.to_string()));
        self
    }

    /// Adds a whole document as the value of an attribute, so it does not affect this page.
    pub(super) fn document(&mut self, document: &str) -> &mut Self {
        push_escaped(&mut self.0, document);
        self
    }

    /// Adds a picture that [`Graph::to_svg`](crate::graph::Graph::to_svg) drew, where all text is escaped.
    pub(super) fn picture(&mut self, svg: &str) -> &mut Self {
        // What is before the element is for files of their own.
        self.0.push_str(svg.find("<svg").map_or("", |start| &svg[start..]));
        self
    }

    /// Adds an element with text in it.
    pub(super) fn element(&mut self, open: &'static str, text: impl Display, close: &'static str) -> &mut Self {
        self.markup(open).text(text).markup(close)
    }

    /// Adds a paragraph that says what the page leaves out.
    pub(super) fn left_out(&mut self, what: impl Display) -> &mut Self {
        self.element("<p class=\"left-out\">", what, "</p>\n")
    }

    pub(super) fn finished(self) -> String {
        self.0
    }
}

/// The beginning of a text, and whether that is not all of it.
pub(super) fn beginning(text: &str, longest: usize) -> (&str, bool) {
    match text.char_indices().nth(longest) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}

/// A text, cut if it is too long.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let (beginning, is_cut) = beginning(text, longest);
    if is_cut { format!("{beginning} …") } else { beginning.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        let mut html = Html::default();
        html.markup("<p title=\"").text("\"><script>'&\u{202e}\u{1b}[2J").markup("\">");
        assert_eq!(html.finished(), "<p title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\\u202e\\u001b[2J\">");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!([cut("öäü", 2), cut("öäü", 3)], ["öä …", "öäü"]);
    }
}
