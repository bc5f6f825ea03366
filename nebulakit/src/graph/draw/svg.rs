//! A graph as an SVG picture, laid out by the crate `layout-rs`.

use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::picture::{Form, Picture, Shape};
use crate::graph::Graph;
use crate::graph::problem::{Problem, ProblemKind, Problems};
use crate::task::panic::guard;

/// How many shapes an SVG picture has at most: nodes, inputs and outputs. Layouts of more take long, and nobody can read them.
pub const MAX_SVG_SHAPES: usize = 500;

/// How many rows of shapes the arrows of an SVG picture go down at most, all together; one with a text goes down two at least. The layout takes
/// time in the square of it: a second or two for this many.
pub const MAX_SVG_ROWS: usize = 1_000;

/// How many of those rows there are at most where the layout looks for an order with few crossings, which takes longer still.
const MAX_UNTANGLED: usize = 200;

/// The room to the right of the shapes and below them.
const MARGIN: f64 = 10.0;

impl Graph {
    /// Draws it as an SVG picture. The workflows in it are single nodes, and arms of conditions have no frames.
    ///
    /// # Errors
    /// A problem, where the picture would have more than [`MAX_SVG_SHAPES`] shapes, where its arrows would go down more than
    /// [`MAX_SVG_ROWS`] rows together, or where no layout is found.
    pub fn to_svg(&self) -> Result<String, Problems> {
        self.to_marked_svg(|_| None)
    }

    /// The same, where nodes have a mark of their own.
    ///
    /// # Errors
    /// As of [`to_svg`](Self::to_svg).
    pub(crate) fn to_marked_svg(&self, mark: impl Fn(&str) -> Option<Mark>) -> Result<String, Problems> {
        let mut picture = Picture::of(self);
        let problem = |kind, message: String| Problems::from(Problem::new(kind, message).at(self.at.clone()).hint("draw it with Graphviz"));
        if picture.shapes.len() > MAX_SVG_SHAPES {
            let message = format!("an SVG picture has at most {MAX_SVG_SHAPES} shapes, and this one would have {}", picture.shapes.len());
            return Err(problem(ProblemKind::Limit, message));
        }
        let rows = rows(&picture);
        if rows > MAX_SVG_ROWS {
            let message =
                format!("the arrows of an SVG picture go down at most {MAX_SVG_ROWS} rows together, and these would go down {rows}");
            return Err(problem(ProblemKind::Limit, message));
        }
        let classes: Vec<_> = picture.shapes.iter_mut().map(|shape| marked(shape, &mark)).collect();
        // The layout asserts what it believes of graphs.
        guard(|| laid_out(&picture, &classes, rows > MAX_UNTANGLED))
            .map_err(|_| problem(ProblemKind::Other, "no layout for an SVG picture was found".to_owned()))
    }
}

/// What is said of a node in its shape besides what it is.
pub(crate) struct Mark {
    /// The class of the shape, for style sheets.
    pub(crate) class: &'static str,
    /// A line below the others.
    pub(crate) line: String,
}

/// Puts the mark of the shape's node into it, and gives the mark's class.
fn marked(shape: &mut Shape, mark: impl Fn(&str) -> Option<Mark>) -> Option<&'static str> {
    let Mark { class, line } = mark(shape.node.as_deref()?)?;
    shape.lines.push(line);
    Some(class)
}

/// How many rows all arrows go down together. They have no circles: each comes from a shape that stood before it went anywhere.
fn rows(picture: &Picture) -> usize {
    let count = picture.shapes.len();
    let (mut arrows_to, mut arrows_from) = (vec![0; count], vec![Vec::new(); count]);
    for arrow in &picture.arrows {
        arrows_to[arrow.to] += 1;
        arrows_from[arrow.from].push(arrow);
    }
    let mut row: Vec<usize> = vec![0; count];
    let mut left: Vec<usize> = (0..count).filter(|shape| arrows_to[*shape] == 0).collect();
    while let Some(shape) = left.pop() {
        for arrow in &arrows_from[shape] {
            row[arrow.to] = row[arrow.to].max(row[shape] + if arrow.label.is_empty() { 1 } else { 2 });
            arrows_to[arrow.to] -= 1;
            if arrows_to[arrow.to] == 0 {
                left.push(arrow.to);
            }
        }
    }
    picture.arrows.iter().map(|arrow| row[arrow.to].saturating_sub(row[arrow.from])).sum()
}

fn laid_out(picture: &Picture, classes: &[Option<&str>], is_tangled: bool) -> String {
    let mut graph = VisualGraph::new(Orientation::TopToBottom);
    let handles: Vec<_> = picture
        .shapes
        .iter()
        .zip(classes)
        .map(|(shape, class)| {
            let text = shape.lines.join("\n");
            let kind = match shape.form {
                Form::End | Form::Join => ShapeKind::new_circle(&text),
                Form::Branch => ShapeKind::new_double_circle(&text),
                Form::Task | Form::Map | Form::Other | Form::Gate | Form::Handler => ShapeKind::new_box(&text),
            };
            let (width, height) = (shape.lines.iter().map(|line| line.chars().count()).max().unwrap_or(0), shape.lines.len());
            // About the size of the letters, and some room around them.
            #[expect(clippy::cast_precision_loss, reason = "lines are shorter than that")]
            let size = Point::new(width as f64 * 9.0 + 20.0, height as f64 * 18.0 + 20.0);
            let mut element = Element::create(kind, StyleAttr::simple(), Orientation::TopToBottom, size);
            element.properties = class.map(|class| format!("class=\"{class}\""));
            graph.add_node(element)
        })
        .collect();
    for arrow in &picture.arrows {
        let line = if arrow.is_dashed { LineStyleKind::Dashed } else { LineStyleKind::Normal };
        let arrow_of = Arrow::new(LineEndKind::None, LineEndKind::Arrow, line, &arrow.label, &StyleAttr::simple(), &None, &None);
        graph.add_edge(arrow_of, handles[arrow.from], handles[arrow.to]);
    }
    let mut svg = SVGWriter::new();
    graph.do_it(false, is_tangled, false, &mut svg);
    // The writer makes room for texts as if they stood upright, which leaves half of a picture empty.
    let corner = handles.iter().map(|handle| graph.pos(*handle).bbox(true).1);
    let (width, height) = corner.fold((0.0, 0.0), |(width, height): (f64, f64), corner| (width.max(corner.x), height.max(corner.y)));
    trimmed(&svg.finalize(), width.ceil() + MARGIN, height.ceil() + MARGIN)
}

/// The picture with another size.
fn trimmed(svg: &str, width: f64, height: f64) -> String {
    let tag = svg.find("<svg ").and_then(|start| Some((start, start + svg[start..].find('>')?)));
    let Some((start, end)) = tag else { return svg.to_owned() };
    let open = format!(r#"<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg""#);
    format!("{}{open}{}", &svg[..start], &svg[end..])
}
