//! Pictures of graphs: text for the terminal, Mermaid, Graphviz, SVG. A graph is drawn whether or not something is wrong with it.

mod graphviz;
mod labels;
mod mermaid;
mod overrides;
mod picture;
#[cfg(feature = "run")]
mod svg;
mod text;
mod values;

#[cfg(feature = "testing")]
pub(crate) use self::labels::Labels;
#[cfg(feature = "run")]
pub(crate) use self::svg::Mark;
#[cfg(feature = "run")]
pub use self::svg::{MAX_SVG_ROWS, MAX_SVG_SHAPES};
#[cfg(feature = "run")]
pub(crate) use self::text::{nodes, remarks};
#[cfg(feature = "testing")]
pub(crate) use self::values::binding;
