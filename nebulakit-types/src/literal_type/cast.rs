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
    let mut unlimited = u64::MAX;
    castable_within(upstream, downstream, &mut unlimited)
}

/// [`castable`] with a limit to the comparisons that it makes, for types from outside: a union of a thousand variants takes a million with another.
///
/// `left` goes down with each pair of types, and with each part of the schemas of two structs. At 0 the verdict is no, whatever the types are.
///
/// ```
/// use nebulakit_types::literal_type::{LiteralType, SimpleType, castable_within};
///
/// let union = LiteralType::union(vec![LiteralType::simple(SimpleType::Integer); 1_000]);
/// let (mut few, mut many) = (500, 10_000);
/// assert!(castable_within(&union, &union, &mut many) && many > 0);
/// assert!(!castable_within(&union, &union, &mut few) && few == 0);
/// ```
#[must_use]
pub fn castable_within(upstream: &LiteralType, downstream: &LiteralType, left: &mut u64) -> bool {
    let mut judged = Judged { verdicts: HashMap::new(), left };
    casts(upstream, downstream, &mut judged) && *judged.left > 0
}

/// [`castable_within`] of a value that is `variant` of a union.
#[must_use]
pub fn variant_castable_within(variant: &LiteralType, downstream: &LiteralType, left: &mut u64) -> bool {
    let mut judged = Judged { verdicts: HashMap::new(), left };
    let is_taken = accepts(downstream, variant, &mut judged)
        || matches!(&downstream.kind, TypeKind::Union(variants) if variants.iter().any(|taken| variant_casts(variant, taken, &mut judged)));
    is_taken && *judged.left > 0
}

/// How many comparisons of types one of two schemas takes as long as.
const COST_OF_SCHEMAS: u64 = 20;

/// What is known while two types are compared.
struct Judged<'l> {
    /// Verdicts on the variants of two unions, by the addresses of the variants: unions within unions lead to the same two on many ways.
    verdicts: HashMap<(usize, usize), bool>,
    left: &'l mut u64,
}

impl Judged<'_> {
    fn spend(&mut self, comparisons: usize) {
        *self.left = self.left.saturating_sub(comparisons as u64);
    }
}

fn casts(upstream: &LiteralType, downstream: &LiteralType, judged: &mut Judged<'_>) -> bool {
    if let TypeKind::Union(variants) = &upstream.kind
        && let [only] = variants.as_slice()
        && accepts(downstream, only, judged)
    {
        return true;
    }
    accepts(downstream, upstream, judged)
}

/// The rule without opening a union of one variant: elements and columns are compared so.
fn accepts(downstream: &LiteralType, upstream: &LiteralType, judged: &mut Judged<'_>) -> bool {
    judged.spend(1);
    if *judged.left == 0 {
        return false;
    }
    match &downstream.kind {
        TypeKind::Simple(SimpleType::None) => is_none(upstream),
        TypeKind::Simple(simple) => accepts_simple(downstream, *simple, upstream, judged),
        TypeKind::Enum(values) => match &upstream.kind {
            TypeKind::Simple(SimpleType::String) => true,
            TypeKind::Enum(given) => {
                judged.spend(values.len().min(given.len()));
                tags_match(downstream, upstream) && given == values
            }
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
            TypeKind::Schema(given) => columns_match(&schema.columns, &given.columns, judged, |column, given, _| column.kind == given.kind),
            TypeKind::StructuredDataset(given) => {
                is_parquet(given) && columns_match(&schema.columns, &given.columns, judged, |column, given, _| holds(given, column))
            }
            _ => false,
        },
        TypeKind::StructuredDataset(dataset) => match &upstream.kind {
            TypeKind::Simple(SimpleType::None) => true,
            TypeKind::Schema(given) => {
                is_parquet(dataset) && columns_match(&dataset.columns, &given.columns, judged, |column, given, _| holds(column, given))
            }
            TypeKind::StructuredDataset(given) => {
                (given.format.is_empty() || dataset.format.is_empty() || equal_fold(&given.format, &dataset.format))
                    && columns_match(&dataset.columns, &given.columns, judged, |column, given, judged| {
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

fn variant_casts(upstream: &LiteralType, variant: &LiteralType, judged: &mut Judged<'_>) -> bool {
    if matches!((&upstream.kind, &variant.kind), (TypeKind::Simple(_), TypeKind::Simple(_))) {
        return casts(upstream, variant, judged);
    }
    let addresses = (std::ptr::from_ref(upstream).addr(), std::ptr::from_ref(variant).addr());
    if let Some(verdict) = judged.verdicts.get(&addresses) {
        return *verdict;
    }
    let verdict = casts(upstream, variant, judged);
    judged.verdicts.insert(addresses, verdict);
    verdict
}

fn accepts_simple(downstream: &LiteralType, simple: SimpleType, upstream: &LiteralType, judged: &mut Judged<'_>) -> bool {
    match &upstream.kind {
        // Decided before tags are looked at, as for text into an enum.
        TypeKind::Enum(_) => simple == SimpleType::String,
        TypeKind::Simple(given) => {
            *given == simple
                && tags_match(downstream, upstream)
                && (simple != SimpleType::Struct || structs_match(downstream.metadata.as_ref(), upstream.metadata.as_ref(), judged))
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

fn structs_match(downstream: Option<&Map<String, Value>>, upstream: Option<&Map<String, Value>>, judged: &mut Judged<'_>) -> bool {
    let (Some(downstream), Some(upstream)) = (downstream, upstream) else { return true };
    judged.spend(parts(downstream.values()) + parts(upstream.values()));
    if same_object(downstream, upstream) {
        return true;
    }
    let most = *judged.left / COST_OF_SCHEMAS;
    let mut left = most;
    let is_subset = is_subset(downstream, upstream, &mut left);
    *judged.left -= (most - left) * COST_OF_SCHEMAS;
    is_subset
}

/// How many values there are, and within them.
fn parts<'v>(values: impl Iterator<Item = &'v Value>) -> usize {
    let within = |value: &'v Value| match value {
        Value::Array(values) => parts(values.iter()),
        Value::Object(values) => parts(values.values()),
        _ => 0,
    };
    values.map(|value| 1 + within(value)).sum()
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
fn columns_match<A: Named, G: Named>(
    asked: &[A],
    given: &[G],
    judged: &mut Judged<'_>,
    fits: impl Fn(&A, &G, &mut Judged<'_>) -> bool,
) -> bool {
    if asked.is_empty() || given.is_empty() {
        return true;
    }
    judged.spend(asked.len() + given.len());
    let given: HashMap<&str, &G> = given.iter().map(|column| (column.name(), column)).collect();
    asked.iter().all(|column| given.get(column.name()).is_some_and(|given| fits(column, given, judged)))
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
