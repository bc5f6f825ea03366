//! A run as one HTML page, which needs nothing else: no script, no network.

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

/// What browsers may do with the page: nothing is loaded, and nothing runs; frames have no other rights.
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
    /// The run as one HTML page, for people: where it stands, its graph, a timeline, its nodes, their errors, the ends of their logs and their decks, and what
    /// it was given and gave. The page needs no other file and no network, and runs no script; those of decks do not run in it.
    ///
    /// It tells of the run as it is now, whether or not that is over. It has a bound, whatever the run is: of many nodes it shows those that failed, that go on
    /// and that took longest, and says how many it leaves out. It seldom has more than some megabytes.
    ///
    /// # Errors
    /// When the events of the run cannot be read. Anything else that cannot be read is said in the page.
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
