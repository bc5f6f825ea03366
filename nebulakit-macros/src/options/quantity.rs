//! The quantities of resources that a task asks for.

use syn::LitStr;

/// Every resource of `requests` and `limits`.
pub(super) const RESOURCES: &[&str] = &["cpu", "memory", "gpu", "ephemeral_storage", "storage"];

/// One quantity of `requests(...)` or `limits(...)`.
pub(super) struct Quantity {
    pub(super) resource: String,
    pub(super) text: LitStr,
    /// Billionths of a unit.
    pub(super) value: u128,
}
