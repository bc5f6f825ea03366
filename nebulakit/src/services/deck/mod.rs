//! Decks: what a task shows of itself in the console, as tabs of one HTML page.

use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nebulakit_types::Result;
use pulldown_cmark::{Options, Parser};

mod escaped;
mod image;

pub(crate) use self::escaped::push_escaped;
pub use self::image::{Image, IntoImage};

/// The tabs of a task's page, in the order in which they were first named.
///
/// Clones are handles to the same tabs; they may be used from any thread. The runtime stores the page beside the task's outputs, also
/// when the task failed; a task without tabs has no page.
///
/// The page is one object that the browser loads whole: keep pictures and tables to what a person looks at.
///
/// # Text of others
/// The page runs scripts, in the browser of everyone who looks at the task, with the rights that the console gives to decks. Titles, the
/// headers and cells of tables and the texts of pictures are escaped, and pictures run nothing, not even those in SVG. What
/// [`html`](Self::html) and [`markdown`](Self::markdown) take is kept as it is, scripts and all: put nothing there that a stranger wrote, or
/// clean it first with a crate for that. [`table`](Self::table) shows any text.
///
/// ```
/// let decks = nebulakit::deck::Decks::new();
/// decks.markdown("Summary", "All **3** shards are good.");
/// decks.table("Counts", ["word", "count"], [["nebula", "7"], ["<b>", "1"]]);
/// assert!(decks.render().contains("<td>&lt;b&gt;</td>"));
/// ```
#[derive(Clone, Default)]
pub struct Decks {
    tabs: Arc<Mutex<Vec<Tab>>>,
}

struct Tab {
    title: String,
    html: String,
}

impl Decks {
    /// Makes a page without tabs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds HTML to the tab `title`, as it is: a `<script>`, an `onclick` or a link to `javascript:` in it runs in the reader's browser, and a
    /// `</div>` too many spoils the page.
    pub fn html(&self, title: &str, html: impl AsRef<str>) {
        self.add(title, html.as_ref());
    }

    /// Adds Markdown (CommonMark with tables, strike-through, task lists and footnotes) to the tab `title`.
    ///
    /// HTML in it is kept as it is, as [`html`](Self::html) does, and so are the targets of links, `[text](javascript:..)` among them.
    pub fn markdown(&self, title: &str, markdown: impl AsRef<str>) {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, Parser::new_ext(markdown.as_ref(), options));
        self.add(title, &html);
    }

    /// Adds a table to the tab `title`. Headers and cells are text; what HTML would take for markup is escaped.
    pub fn table<R>(&self, title: &str, headers: impl IntoIterator<Item = impl Display>, rows: impl IntoIterator<Item = R>)
    where
        R: IntoIterator<Item: Display>,
    {
        let mut html = String::from("<table>\n<thead><tr>");
        for header in headers {
            push_cell(&mut html, "th", &header);
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            html.push_str("<tr>");
            for cell in row {
                push_cell(&mut html, "td", &cell);
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n</table>\n");
        self.add(title, &html);
    }

    /// Adds a picture to the tab `title`: the bytes of a PNG, JPEG, GIF, WebP or SVG, the path of a file with one, or an [`Image`], which can
    /// be of another kind and has a text for readers who do not see it. Its bytes are stored inside the page.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), nebulakit::types::Error> {
    /// use std::path::Path;
    ///
    /// use nebulakit::deck::{Decks, Image};
    ///
    /// let decks = Decks::new();
    /// decks.image("Plots", Path::new("loss.png"))?;
    /// decks.image("Plots", Image::open("error.svg")?.alt("the error by epoch"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the bytes are not a picture of these kinds, and when the file cannot be read.
    pub fn image(&self, title: &str, image: impl IntoImage) -> Result<()> {
        self.add(title, &image.into_image()?.html(title));
        Ok(())
    }

    /// Whether there are no tabs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// How many bytes the tabs hold together; the page adds about two thousand.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.lock().iter().map(|tab| tab.html.len()).sum()
    }

    /// The tabs: title and HTML of each.
    #[must_use]
    pub fn tabs(&self) -> Vec<(String, String)> {
        self.lock().iter().map(|tab| (tab.title.clone(), tab.html.clone())).collect()
    }

    /// Writes the page with what the tabs hold now: one file that needs no other, with the list of tabs as `<ul id="flyte-frame-tabs">`.
    #[must_use]
    pub fn render(&self) -> String {
        let tabs = self.lock();
        let mut page = String::with_capacity(3000 + tabs.iter().map(|tab| tab.html.len() + 200).sum::<usize>());
        page.push_str(HEAD);
        page.push_str("<nav id=\"flyte-frame-nav\">\n<ul id=\"flyte-frame-tabs\" role=\"tablist\">\n");
        for (index, tab) in tabs.iter().enumerate() {
            let (class, selected) = if index == 0 { (" class=\"active\"", "true") } else { ("", "false") };
            page.push_str(&format!("<li{class} role=\"tab\" tabindex=\"0\" aria-selected=\"{selected}\" aria-controls=\"deck-{index}\">"));
            push_escaped(&mut page, &tab.title);
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n</nav>\n<div id=\"flyte-frame-container\">\n");
        for (index, tab) in tabs.iter().enumerate() {
            let class = if index == 0 { " class=\"active\"" } else { "" };
            page.push_str(&format!("<div{class} role=\"tabpanel\" id=\"deck-{index}\">\n{}\n</div>\n", tab.html));
        }
        page.push_str("</div>\n");
        page.push_str(TAIL);
        page
    }

    fn add(&self, title: &str, html: &str) {
        let mut tabs = self.lock();
        match tabs.iter_mut().find(|tab| tab.title == title) {
            Some(tab) => {
                tab.html.push('\n');
                tab.html.push_str(html);
            }
            None => tabs.push(Tab { title: title.to_owned(), html: html.to_owned() }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Tab>> {
        // Nothing panics while the lock is held, so the tabs are whole whatever a thread died of.
        self.tabs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Decks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tabs = self.lock();
        f.debug_map().entries(tabs.iter().map(|tab| (&tab.title, tab.html.len()))).finish()
    }
}

fn push_cell(html: &mut String, element: &str, value: &dyn Display) {
    html.push_str(&format!("<{element}>"));
    push_escaped(html, &value.to_string());
    html.push_str(&format!("</{element}>"));
}

/// Without scripts all tabs show, one below the other.
const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>Decks</title>
<style>
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; color: #1c1c24; background: #fff }
#flyte-frame-tabs { display: flex; flex-wrap: wrap; list-style: none; margin: 0; padding: 0 16px; border-bottom: 1px solid #d8d8e0 }
#flyte-frame-tabs li { padding: 10px 14px; cursor: pointer; border-bottom: 3px solid transparent }
#flyte-frame-tabs li:hover { color: #5a3ec8 }
#flyte-frame-tabs li.active { border-color: #5a3ec8; font-weight: 600 }
#flyte-frame-container { padding: 16px }
.tabbed #flyte-frame-container > div:not(.active) { display: none }
#flyte-frame-container img { max-width: 100% }
#flyte-frame-container table { border-collapse: collapse }
#flyte-frame-container th, #flyte-frame-container td { padding: 4px 10px; border: 1px solid #d8d8e0; text-align: left }
#flyte-frame-container th { background: #f4f4f8 }
#flyte-frame-container pre { padding: 10px; background: #f4f4f8; overflow: auto }
</style>
</head>
<body>
";

const TAIL: &str = "<script>
(function () {
  var tabs = Array.from(document.getElementById('flyte-frame-tabs').children);
  var panels = Array.from(document.getElementById('flyte-frame-container').children);
  function show(chosen) {
    tabs.forEach(function (tab, index) {
      tab.classList.toggle('active', index === chosen);
      tab.setAttribute('aria-selected', index === chosen);
      if (panels[index]) panels[index].classList.toggle('active', index === chosen);
    });
  }
  tabs.forEach(function (tab, index) {
    tab.addEventListener('click', function () { show(index); });
    tab.addEventListener('keydown', function (event) { if (event.key === 'Enter' || event.key === ' ') show(index); });
  });
  document.body.classList.add('tabbed');
})();
</script>
</body>
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_item_and_one_panel_for_each_tab() {
        let decks = Decks::new();
        assert!(decks.is_empty());
        decks.html("A & <B>", "<svg>&</svg>");
        decks.markdown("Notes", "# Hi\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n");
        decks.table("Counts", ["word", "<n>"], [vec!["a\"b".to_owned(), "1".to_owned()]]);
        assert!(!decks.is_empty());
        let page = decks.render();
        assert!(page.starts_with("<!doctype html>") && page.contains("<ul id=\"flyte-frame-tabs\""));
        assert_eq!((page.matches("<li").count(), page.matches("<div").count()), (3, 4));
        assert!(page.contains(">A &amp; &lt;B&gt;</li>"), "titles are text");
        assert!(page.contains("<svg>&</svg>"), "the user's HTML stays as it is");
        assert!(page.contains("<h1>Hi</h1>") && page.contains("<td><del>2</del></td>"));
        assert!(page.contains("<th>&lt;n&gt;</th>") && page.contains("<td>a&quot;b</td><td>1</td>"));
        assert!(!page.contains("src=") && !page.contains("href="), "the page needs no other file");
    }

    #[test]
    fn the_same_title_is_the_same_tab() {
        let decks = Decks::new();
        let handle = decks.clone();
        std::thread::spawn(move || handle.html("T", "<p>1</p>")).join().unwrap();
        decks.html("T", "<p>2</p>");
        assert!(decks.render().contains("<p>1</p>\n<p>2</p>"));
        assert_eq!(decks.size_bytes(), 17);
        assert_eq!(format!("{decks:?}"), "{\"T\": 17}");
    }
}
