//! A graph in Graphviz' language.

use std::fmt::Write as _;

use super::picture::{Form, Picture, WHOLE};
use crate::graph::Graph;

impl Graph {
    /// Draws it in the language of [Graphviz](https://graphviz.org), for `dot -Tsvg` and its like. The workflows in it are single nodes.
    #[must_use]
    pub fn to_graphviz(&self) -> String {
        let picture = Picture::of(self);
        let mut text = format!(
            "digraph {} {{\n  graph [fontname=\"sans-serif\"];\n  node [fontname=\"sans-serif\", shape=box];\n  edge [fontname=\"sans-serif\"];\n",
            quoted(&picture.title)
        );
        frame(&picture, WHOLE, 1, &mut text);
        for arrow in &picture.arrows {
            let mut options = Vec::new();
            if !arrow.label.is_empty() {
                options.push(format!("label={}", quoted(&arrow.label)));
            }
            if arrow.is_dashed {
                options.push("style=dashed".to_owned());
            }
            let options = if options.is_empty() { String::new() } else { format!(" [{}]", options.join(", ")) };
            writeln!(text, "  s{} -> s{}{options};", arrow.from, arrow.to).expect("a string takes all text");
        }
        text.push_str("}\n");
        text
    }
}

/// The shapes that stand in a frame, and the frames in it.
fn frame(picture: &Picture, of: usize, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for number in &picture.frames[of].shapes {
        let shape = &picture.shapes[*number];
        let form = match shape.form {
            Form::End => ", shape=ellipse",
            Form::Task => "",
            Form::Map => ", shape=box3d",
            Form::Other => ", shape=component",
            Form::Branch => ", shape=diamond",
            Form::Join => ", shape=circle",
            Form::Gate => ", shape=octagon",
            Form::Handler => ", style=dashed",
        };
        writeln!(text, "{indent}s{number} [label={}{form}];", quoted(&shape.lines.join("\n"))).expect("a string takes all text");
    }
    for number in &picture.frames[of].frames {
        let inner = &picture.frames[*number];
        writeln!(text, "{indent}subgraph cluster_{number} {{\n{indent}  label={};", quoted(&inner.label)).expect("a string takes all text");
        frame(picture, *number, depth + 1, text);
        writeln!(text, "{indent}}}").expect("a string takes all text");
    }
}

/// A text between quotes, in which Graphviz' own escapes mean nothing.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            // Else `&lt;` and its like would be characters.
            '&' => quoted.push_str("&amp;"),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
