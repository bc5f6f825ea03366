//! A graph as a Mermaid flowchart.

use std::fmt::Write as _;

use super::picture::{Form, Picture, WHOLE};
use crate::graph::Graph;

impl Graph {
    /// Draws it as a [Mermaid](https://mermaid.js.org) flowchart, which many code hosts and editors show. The workflows in it are single nodes.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let picture = Picture::of(self);
        // In a title Mermaid shows its own entities as they stand, and `_`, which names of workflows have, means nothing there.
        let title = escaped(&picture.title).replace("#95;", "_");
        let mut text = format!("---\ntitle: \"{title}\"\n---\nflowchart TD\n");
        frame(&picture, WHOLE, 1, &mut text);
        for arrow in &picture.arrows {
            let line = if arrow.is_dashed { "-.->" } else { "-->" };
            let label = if arrow.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&arrow.label)) };
            writeln!(text, "  s{} {line}{label} s{}", arrow.from, arrow.to).expect("a string takes all text");
        }
        text
    }
}

/// The shapes that stand in a frame, and the frames in it.
fn frame(picture: &Picture, of: usize, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for number in &picture.frames[of].shapes {
        let shape = &picture.shapes[*number];
        let (open, close) = match shape.form {
            Form::End => ("([", "])"),
            Form::Task => ("[", "]"),
            Form::Map => ("[[", "]]"),
            Form::Other => ("[/", "/]"),
            Form::Branch => ("{", "}"),
            Form::Join => ("((", "))"),
            Form::Gate => ("{{", "}}"),
            Form::Handler => (">", "]"),
        };
        let lines: Vec<_> = shape.lines.iter().map(|line| escaped(line)).collect();
        writeln!(text, "{indent}s{number}{open}\"{}\"{close}", lines.join("<br>")).expect("a string takes all text");
    }
    for number in &picture.frames[of].frames {
        let inner = &picture.frames[*number];
        writeln!(text, "{indent}subgraph f{number}[\"{}\"]", escaped(&inner.label)).expect("a string takes all text");
        frame(picture, *number, depth + 1, text);
        writeln!(text, "{indent}end").expect("a string takes all text");
    }
}

/// A text between quotes, in which HTML and Mermaid's own entities mean nothing.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '#' | '&' | '<' | '>' | '\\' | '`' | ';' | '|' | '{' | '}' | '[' | ']' | '%' | '*' | '_' | '~' => {
                write!(escaped, "#{};", u32::from(letter)).expect("a string takes all text");
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}
