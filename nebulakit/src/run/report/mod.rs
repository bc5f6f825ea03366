//! A run as one self-contained HTML page: no script, no network.

mod decks;
mod facts;
mod header;
mod html;
mod logs;
mod nodes;
mod picture;
mod timeline;
mod values;

use self::facts::Facts;
use self::html::{Html, cut};
use crate::run::error::RecordError;
use crate::run::handle::RunHandle;

/// The beginning of the page. Browsers may not load or run anything; this also applies to frames.
const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta name=\"color-scheme\" content=\"light dark\">\n",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; ",
    "img-src data:; font-src data:; media-src data:; base-uri 'none'; form-action 'none'\">\n",
    "<style>\n",
    include_str!("style.css"),
    "</style>\n<title>",
);

impl RunHandle {
    /// The run as one HTML page, for people: its status, its graph, a timeline, its nodes, their errors, the ends of their logs, their decks, and its inputs
    /// and outputs. The page needs no other file and no network, and runs no scripts, not even those of decks.
    ///
    /// It shows the run as it is now, whether or not it is over. Its size is limited, whatever the run: of many nodes it shows those that failed, that are
    /// active and that took longest, and says how many it leaves out. It is rarely larger than a few megabytes.
    ///
    /// # Errors
    /// When the events of the run cannot be read. If anything else cannot be read, the page says so.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::backend::{Backend as _, LocalBackend, Options};
    /// use nebulakit::prelude::*;
    /// use nebulakit::run::RunsFolder;
    ///
    /// #[task]
    /// fn greet() -> String {
    ///     "hello".to_owned()
    /// }
    ///
    /// #[workflow]
    /// fn greeting() -> Promise<String> {
    ///     greet::node()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> anyhow::Result<()> {
    /// # let scratch = tempfile::tempdir()?;
    /// let backend = LocalBackend::new(RunsFolder::open(scratch.path())?);
    /// let run = backend.run(backend.compile(&greeting::graph()?, &Options::new())?).await?;
    /// run.wait().await?;
    /// assert!(run.report()?.starts_with("<!doctype html>"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn report(&self) -> Result<String, RecordError> {
        let facts = Facts::of(self)?;
        let mut page = Html::default();
        page.markup(HEAD)
            .text(cut(&facts.state.name, header::LONGEST_NAME))
            .markup(" · ")
            .text(self.id())
            .markup("</title>\n</head>\n<body>\n");
        header::write(&mut page, &facts);
        page.markup("<main>\n");
        nodes::errors(&mut page, &facts);
        values::write(&mut page, &facts);
        picture::write(&mut page, &facts);
        timeline::write(&mut page, &facts);
        decks::write(&mut page, &facts);
        nodes::table(&mut page, &facts);
        logs::write(&mut page, &facts);
        page.markup("</main>\n<footer><p>Written by nebulakit ")
            .text(env!("CARGO_PKG_VERSION"))
            .markup("</p></footer>\n</body>\n</html>\n");
        Ok(page.finished())
    }
}
