//! The structs and enums that a signature names, to any depth: fields, types, defaults and doc comments; and the columns of typed tables.

use nebulakit_types::convert::shapes::{Part, Shape, Shapes};
use nebulakit_types::literal_type::TypeKind;
use nebulakit_types::{Dialect, LiteralType};

use super::signature::first_line;
use crate::render::{plain, to_json};
use crate::task::def::TaskDef;
use crate::task::param::AnyParam;

/// Those of the inputs, as indented lines; empty where there are none.
pub(super) fn of_inputs(params: &[&dyn AnyParam], dialect: &'static Dialect) -> String {
    text(&shapes(params, dialect).into_shapes(), &tables(params.iter().map(|param| (param.name(), param.literal_type(dialect)))))
}

/// Those of the inputs and the outputs.
pub(super) fn of_signature(task: &TaskDef, dialect: &'static Dialect) -> String {
    let inputs = task.params.iter().map(|param| (param.name(), param.literal_type(dialect)));
    let mut shapes = shapes(task.params, dialect);
    task.returns.shapes(&mut shapes);
    text(&shapes.into_shapes(), &tables(inputs.chain(task.output_types(dialect))))
}

fn shapes(params: &[&dyn AnyParam], dialect: &'static Dialect) -> Shapes {
    let mut shapes = Shapes::new(dialect);
    for param in params {
        param.shapes(&mut shapes);
    }
    shapes
}

/// The columns that the types of variables declare, by the variables' names.
fn tables(variables: impl Iterator<Item = (&'static str, LiteralType)>) -> Vec<(&'static str, Vec<[String; 3]>)> {
    let declared = variables.filter_map(|(name, literal_type)| Some((name, columns(&literal_type)?)));
    declared.collect()
}

fn columns(literal_type: &LiteralType) -> Option<Vec<[String; 3]>> {
    match &literal_type.kind {
        TypeKind::StructuredDataset(dataset) if !dataset.columns.is_empty() => {
            let columns = dataset.columns.iter();
            Some(columns.map(|column| [column.name.clone(), column.literal_type.to_string(), String::new()]).collect())
        }
        TypeKind::Collection(inner) | TypeKind::Map(inner) => columns(inner),
        TypeKind::Union(variants) => variants.iter().find_map(columns),
        _ => None,
    }
}

fn text(shapes: &[Shape], tables: &[(&'static str, Vec<[String; 3]>)]) -> String {
    let shapes = shapes.iter().map(|shape| {
        let doc = first_line(shape.doc);
        let gap = if doc.is_empty() { "" } else { "  " };
        block(&format!("{} {}{gap}{doc}", shape.kind, shape.name), &shape.parts.iter().map(row).collect::<Vec<_>>())
    });
    let tables = tables.iter().map(|(name, columns)| block(&format!("columns of {name}"), columns));
    shapes.chain(tables).collect::<Vec<_>>().join("\n")
}

/// A heading, and rows in columns below it.
fn block(heading: &str, rows: &[[String; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (first, second) = (width(0), width(1));
    let mut text = format!("  {heading}\n");
    for [name, kind, doc] in rows {
        let kind = if second == 0 { String::new() } else { format!("  {kind:second$}") };
        text.push_str(format!("    {name:first$}{kind}  {doc}").trim_end());
        text.push('\n');
    }
    text
}

fn row(part: &Part) -> [String; 3] {
    let default = part.default.as_ref().map(|value| match value {
        nebulakit_types::Untyped::String(_) => to_json(value),
        value => plain(value).replace('\n', " "),
    });
    let default = default.map(|text| format!(" = {text}")).unwrap_or_default();
    let kind = part.literal_type.as_ref().map(|literal_type| format!("{literal_type}{default}")).unwrap_or_default();
    [part.name.to_owned(), kind, part.doc.split_whitespace().collect::<Vec<_>>().join(" ")]
}
