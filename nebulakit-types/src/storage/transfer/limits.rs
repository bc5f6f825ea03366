//! How much is under way at once, and in what portions.

/// How many objects of a tree are under way at once.
pub(super) const AT_ONCE: usize = super::super::budget::REQUESTS;

/// The size of ranges and parts.
pub(super) const PART: u64 = 8 << 20;

/// How many ranges or parts of one object are under way at first. Each that is through lets in one more.
pub(super) const PARTS_AT_FIRST: usize = 4;

/// How many ranges or parts of one object are under way at most.
pub(super) const PARTS_AT_MOST: usize = 16;

/// No store takes more parts than this for one object (S3's limit; Google's is the same, Azure's is higher).
pub(super) const MOST_PARTS: u32 = 10_000;
