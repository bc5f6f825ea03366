//! A program with a store of its own.

use nebulakit::prelude::*;
use nebulakit::storage::PutOptions;
use nebulakit_tests_lake::Lake;

/// Writes to the lake, and reads what it keeps.
#[task]
async fn shore(ctx: Context) -> anyhow::Result<String> {
    let text = "what the lake keeps";
    ctx.storage().put("lake://shore/text", vec![text.into()], &PutOptions::default()).await?;
    Ok(String::from_utf8(ctx.storage().get("lake://shore/text").await?.to_vec())?)
}

nebulakit::main!(stores = [Lake::default()]);
