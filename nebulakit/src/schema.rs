//! Tables as Arrow record batches; what is here is documented at [`nebulakit_types::schema`].
//!
//! ```
//! use nebulakit::prelude::*;
//! use nebulakit::schema::{Row, Schema, column};
//!
//! #[derive(Row)]
//! struct Sale {
//!     city: String,
//!     price: f64,
//!     discount: Option<f64>,
//! }
//!
//! /// Keeps the sales above a price.
//! #[task]
//! async fn above(ctx: Context, sales: Schema<Sale>, price: f64) -> anyhow::Result<Schema<Sale>> {
//!     let mut kept = Schema::create(&ctx)?;
//!     let mut batches = sales.read().filter(column("price").gt(price)).stream();
//!     while let Some(batch) = batches.try_next().await? {
//!         kept.write(batch).await?;
//!     }
//!     Ok(kept.finish().await?)
//! }
//! # fn main() {}
//! ```

#[doc = include_str!("docs/row.md")]
pub use nebulakit_macros::Row;
pub use nebulakit_types::schema::*;
