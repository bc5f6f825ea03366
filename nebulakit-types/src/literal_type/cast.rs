//! Which outputs the platform lets flow into which inputs.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::schema_subset::is_subset;
use super::{DatasetColumn, LiteralType, SchemaColumn, SchemaColumnType, SimpleType, StructuredDatasetType, TypeKind};

/// Tells whether the platform accepts an output of type `upstream` for an input of type `downstream`.
///
/// It is the rule of Flyte's own compiler (Flyte task contract, type compatibility), as a running Flyte applies it to workflows, launch
/// plans and the inputs of executions:
///
/// | downstream | accepts |
/// |---|---|
/// | a simple type | the same; text also takes every enum |
/// | none | none |
/// | struct | struct, if either has no schema, both have the same, or the upstream has every field that the downstream names, with the same types and at least as required |
/// | enum | text, or the enum of the same values in the same order |
/// | list, map | the same of what the elements accept, or of none, as empty ones are |
/// | file or directory | any of the two (the platform does not tell them apart) in the same format, or if either has none |
/// | schema | schema, or dataset in Parquet or in no format; with the columns that it names, if both name columns |
/// | dataset | none, dataset in the same format (in any case) or if either has none, and schema if its format is Parquet or none; columns as above |
/// | union | of a union: every variant must fit one of its own; of another type: exactly one of its variants must accept it |
/// | any | a union of one variant, if it accepts that variant |
///
/// Where the downstream is a simple type, a struct or an enum, an upstream with a tag in its structure needs the same tag there, except
/// between enums and text. An integer never is a float.
///
/// ```
/// use nebulakit_types::literal_type::{LiteralType, SimpleType, castable};
///
/// let int = LiteralType::simple(SimpleType::Integer);
/// let optional = LiteralType::union(vec![int.clone().with_tag("int"), LiteralType::simple(SimpleType::None).with_tag("none")]);
/// assert!(castable(&int, &optional));
/// assert!(!castable(&optional, &int));
/// ```
#[must_use]
pub fn castable(upstream: &LiteralType, downstream: &LiteralType) -> bool {
    casts(upstream, downstream, &mut Judged::new())
}

/// Verdicts on the variants of two unions, by the addresses of the variants: unions within unions lead to the same two on many ways.
type Judged = HashMap<(usize, usize), bool>;

fn casts(upstream: &LiteralType, downstream: &LiteralType, judged: &mut Judged) -> bool {
    if let TypeKind::Union(variants) = &upstream.kind
        && let [only] = variants.as_slice()
        && accepts(downstream, only, judged)
    {
        return true;
    }
    accepts(downstream, upstream, judged)
}

/// The rule without opening a union of one variant: elements and columns are compared so.
fn accepts(downstream: &LiteralType, upstream: &LiteralType, judged: &mut Judged) -> bool {
    match &downstream.kind {
        TypeKind::Simple(SimpleType::None) => is_none(upstream),
        TypeKind::Simple(simple) => accepts_simple(downstream, *simple, upstream),
        TypeKind::Enum(values) => match &upstream.kind {
            TypeKind::Simple(SimpleType::String) => true,
            TypeKind::Enum(given) => tags_match(downstream, upstream) && given == values,
            _ => false,
        },
        TypeKind::Collection(element) => match &upstream.kind {
            TypeKind::Collection(given) => is_none(given) || accepts(element, given, judged),
            _ => false,
        },
        TypeKind::Map(value) => match &upstream.kind {
            TypeKind::Map(given) => is_none(given) || accepts(value, given, judged),
            _ => false,
        },
        TypeKind::Blob(blob) => match &upstream.kind {
            TypeKind::Blob(given) => given.format.is_empty() || blob.format.is_empty() || given.format == blob.format,
            _ => false,
        },
        TypeKind::Schema(schema) => match &upstream.kind {
            TypeKind::Schema(given) => columns_match(&schema.columns, &given.columns, |column, given| column.kind == given.kind),
            TypeKind::StructuredDataset(given) => {
                is_parquet(given) && columns_match(&schema.columns, &given.columns, |column, given| holds(given, column))
            }
            _ => false,
        },
        TypeKind::StructuredDataset(dataset) => match &upstream.kind {
            TypeKind::Simple(SimpleType::None) => true,
            TypeKind::Schema(given) => is_parquet(dataset) && columns_match(&dataset.columns, &given.columns, holds),
            TypeKind::StructuredDataset(given) => {
                (given.format.is_empty() || dataset.format.is_empty() || equal_fold(&given.format, &dataset.format))
                    && columns_match(&dataset.columns, &given.columns, |column, given| {
                        accepts(&column.literal_type, &given.literal_type, judged)
                    })
            }
            _ => false,
        },
        TypeKind::Union(variants) => match &upstream.kind {
            TypeKind::Union(given) => given.iter().all(|given| variants.iter().any(|variant| variant_casts(given, variant, judged))),
            _ => variants.iter().filter(|variant| variant_casts(upstream, variant, judged)).count() == 1,
        },
    }
}

fn variant_casts(upstream: &LiteralType, variant: &LiteralType, judged: &mut Judged) -> bool {
    if matches!((&upstream.kind, &variant.kind), (TypeKind::Simple(_), TypeKind::Simple(_))) {
        return casts(upstream, variant, judged);
    }
    let addresses = (std::ptr::from_ref(upstream).addr(), std::ptr::from_ref(variant).addr());
    if let Some(verdict) = judged.get(&addresses) {
        return *verdict;
    }
    let verdict = casts(upstream, variant, judged);
    judged.insert(addresses, verdict);
    verdict
}

fn accepts_simple(downstream: &LiteralType, simple: SimpleType, upstream: &LiteralType) -> bool {
    match &upstream.kind {
        // Decided before tags are looked at, as for text into an enum.
        TypeKind::Enum(_) => simple == SimpleType::String,
        TypeKind::Simple(given) => {
            *given == simple
                && tags_match(downstream, upstream)
                && (simple != SimpleType::Struct || structs_match(downstream.metadata.as_ref(), upstream.metadata.as_ref()))
        }
        _ => false,
    }
}

fn is_none(literal_type: &LiteralType) -> bool {
    matches!(literal_type.kind, TypeKind::Simple(SimpleType::None))
}

fn tags_match(downstream: &LiteralType, upstream: &LiteralType) -> bool {
    upstream.tag().is_empty() || upstream.tag() == downstream.tag()
}

fn structs_match(downstream: Option<&Map<String, Value>>, upstream: Option<&Map<String, Value>>) -> bool {
    let (Some(downstream), Some(upstream)) = (downstream, upstream) else { return true };
    same_object(downstream, upstream) || is_subset(downstream, upstream)
}

fn same_object(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
}

/// JSON equality in which 1 is 1.0, since all numbers are doubles on the wire.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => same_object(a, b),
        (a, b) => a == b,
    }
}

/// Schemas are always stored as Parquet.
fn is_parquet(dataset: &StructuredDatasetType) -> bool {
    dataset.format.is_empty() || equal_fold(&dataset.format, "parquet")
}

fn equal_fold(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

trait Named {
    fn name(&self) -> &str;
}

impl Named for SchemaColumn {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for DatasetColumn {
    fn name(&self) -> &str {
        &self.name
    }
}

/// Whether every column that is asked for is given and fits; columns that are not named are any columns.
fn columns_match<A: Named, G: Named>(asked: &[A], given: &[G], mut fits: impl FnMut(&A, &G) -> bool) -> bool {
    if asked.is_empty() || given.is_empty() {
        return true;
    }
    let given: HashMap<&str, &G> = given.iter().map(|column| (column.name(), column)).collect();
    asked.iter().all(|column| given.get(column.name()).is_some_and(|given| fits(column, given)))
}

/// Whether a column of a dataset and one of a schema hold the same.
fn holds(dataset: &DatasetColumn, schema: &SchemaColumn) -> bool {
    let simple = match schema.kind {
        SchemaColumnType::Integer => SimpleType::Integer,
        SchemaColumnType::Float => SimpleType::Float,
        SchemaColumnType::String => SimpleType::String,
        SchemaColumnType::Boolean => SimpleType::Boolean,
        SchemaColumnType::Datetime => SimpleType::Datetime,
        SchemaColumnType::Duration => SimpleType::Duration,
    };
    matches!(&dataset.literal_type.kind, TypeKind::Simple(held) if *held == simple)
}
