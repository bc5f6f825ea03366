//! What is registered elsewhere: what `reference(..)` of `#[task]` and `#[launch_plan]` says.

/// Where a task or a launch plan is registered whose code is elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceSpec {
    /// The project.
    pub project: &'static str,
    /// The domain.
    pub domain: &'static str,
    /// The name that it is registered by.
    pub name: &'static str,
    /// The version.
    pub version: &'static str,
}
