//! Pictures of graphs: text for the terminal, Mermaid, Graphviz. A graph is drawn whether or not something is wrong with it.

mod graphviz;
mod labels;
mod mermaid;
mod picture;
mod text;
