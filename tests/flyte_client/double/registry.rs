//! The registry of the control plane that drives executions, alone.

pub(crate) use nebulakit_tests::flyte::registry::Registry;
