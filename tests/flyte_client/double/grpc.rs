//! A gRPC server of unary calls, by hand, which the control plane that drives executions has too.

pub(crate) use nebulakit_tests::flyte::grpc::*;
