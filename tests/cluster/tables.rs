//! Tables in object stores: passed on, and read and rewritten.
#![allow(missing_docs, reason = "the names say what the suite needs")]

use std::collections::BTreeMap;

use nebulakit::prelude::*;
use nebulakit::schema::{AnyRow, LegacySchema, Schema};

#[derive(Debug, NebulaType)]
struct Bundle {
    table: Schema,
    more: Vec<Schema>,
    named: BTreeMap<String, Schema>,
    some: Option<Schema>,
    none: Option<Schema>,
}

#[derive(TaskOutputs)]
struct Tables {
    frame: Schema,
    table: Schema,
    older: LegacySchema,
    tables: Vec<Schema>,
    named: BTreeMap<String, Schema>,
    some: Option<Schema>,
    none: Option<Schema>,
    olders: Vec<LegacySchema>,
    older_named: BTreeMap<String, LegacySchema>,
    older_some: Option<LegacySchema>,
    bundle: Bundle,
}

/// Takes tables in every place where a type may stand, and gives them back without looking at them.
#[allow(clippy::too_many_arguments, reason = "one for each place")]
#[task]
fn passes_on(
    frame: Schema,
    table: Schema,
    older: LegacySchema,
    tables: Vec<Schema>,
    named: BTreeMap<String, Schema>,
    some: Option<Schema>,
    none: Option<Schema>,
    olders: Vec<LegacySchema>,
    older_named: BTreeMap<String, LegacySchema>,
    older_some: Option<LegacySchema>,
    bundle: Bundle,
) -> Tables {
    Tables { frame, table, older, tables, named, some, none, olders, older_named, older_some, bundle }
}

/// Reads tables and writes them again.
#[task(outputs(frame, table, older))]
async fn writes_anew(ctx: Context, frame: Schema, table: Schema, older: LegacySchema) -> anyhow::Result<(Schema, Schema, LegacySchema)> {
    Ok((anew(&ctx, &frame).await?, anew(&ctx, &table).await?, anew(&ctx, &older).await?.into()))
}

async fn anew(ctx: &Context, table: &Schema) -> anyhow::Result<Schema> {
    let mut copy = Schema::<AnyRow>::create(ctx)?;
    let mut batches = table.read().stream();
    while let Some(batch) = batches.try_next().await? {
        copy.write(batch).await?;
    }
    Ok(copy.finish().await?)
}
