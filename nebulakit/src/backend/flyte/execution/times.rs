//! The wire's instants and spans as those of the standard library.

use std::time::{Duration, SystemTime};

use nebulakit_types::wire::google::protobuf;

pub(super) fn instant(wire: Option<&protobuf::Timestamp>) -> Option<SystemTime> {
    let wire = wire?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(u64::try_from(wire.seconds).ok()?, u32::try_from(wire.nanos).ok()?))
}

pub(super) fn span(wire: Option<&protobuf::Duration>) -> Option<Duration> {
    let wire = wire?;
    Some(Duration::new(u64::try_from(wire.seconds).ok()?, u32::try_from(wire.nanos).ok()?))
}
