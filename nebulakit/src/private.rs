//! All that macro expansions may reach, and what the fuzz targets do. No part of it is covered by semantic versioning.

// What expansions need of the standard library, so that names of the user's own cannot get in between.
pub use std::borrow::Cow::Borrowed;
pub use std::convert::Into;
pub use std::default::Default;
pub use std::env::args_os;
pub use std::iter::Iterator;
pub use std::marker::{PhantomData, Send, Sync};
pub use std::ops::Fn;
pub use std::option::Option::{self, None, Some};
pub use std::primitive::{bool, str, u8, usize};
pub use std::process::ExitCode;
pub use std::result::Result as FullResult;
pub use std::result::Result::Ok;
pub use std::time::Duration;
pub use std::vec::Vec;
pub use std::{compile_error, concat, file, line, module_path, stringify, unreachable, vec};

pub mod rehearsal;

pub use inventory;
pub use nebulakit_macros::beside;
pub use nebulakit_types::convert::kind::Kind;
pub use nebulakit_types::convert::msgpack::{Packer, Unpacker};
pub use nebulakit_types::convert::reader::LiteralRef;
pub use nebulakit_types::convert::shapes::Shapes;
pub use nebulakit_types::convert::structs::Field;
pub use nebulakit_types::convert::writer::Encoder;
pub use nebulakit_types::convert::{enums, structs, union};
pub use nebulakit_types::outputs::{MapOutputs, OutputField, OutputReader, OutputWriter, TaskOutputs, TaskReturn};
#[cfg(feature = "schema")]
pub use nebulakit_types::schema::{Column, Row, RowField, arrow::array::ArrayRef};
pub use nebulakit_types::{Dialect, LiteralType, NebulaType, Result};
pub use serde_json::Value;

pub use crate::backend::flyte::compile::futures;
pub use crate::graph::{Graph, Phase, Problems};
pub use crate::process::stores::{OwnStore, own_store};
pub use crate::task::ask::{Ask, Requests};
pub use crate::task::call::{Call, Calls};
pub use crate::task::container::{ContainerSpec, DataFormat};
pub use crate::task::context::Context;
pub use crate::task::def::{
    HasBody, Mocked, Sealed, Task, TaskDef, TaskParts, blocking, future, output_names, outputs_as_files, taken, without_body,
};
pub use crate::task::inputs::Inputs;
pub use crate::task::invocation::Invocation;
pub use crate::task::marks::{KnownFailure, Marks, TaskFailure};
pub use crate::task::mock::Mock;
pub use crate::task::options::{CacheOptions, Mount, OnOom, Resources, SecretRequest, TaskOptions};
pub use crate::task::param::{AnyParam, Param};
pub use crate::task::reference::ReferenceSpec;
pub use crate::task::registry::{Collected, Named, Registered};
pub use crate::task::returns::Prepared;
pub use crate::task::strategy::Strategy;
pub use crate::task::value::{IntoValue, OrDefault, TakesValue, Value as Given};
pub use crate::workflow::arm::IntoArm;
pub use crate::workflow::def::{RegisteredWorkflow, SealedWorkflow, Workflow, WorkflowParts, handler, workflow_output_names};
pub use crate::workflow::dynamic::{Dynamic, dynamic};
pub use crate::workflow::each::{IntoEach, Mode, Same};
pub use crate::workflow::given::IntoPromise;
pub use crate::workflow::hints::{CalledHere, CodeIsHere, MapsWorkflows, SomeList, WorkflowsAreNodes};
pub use crate::workflow::launch::{LaunchOptions, LaunchSchedule, NotifyOptions};
pub use crate::workflow::lists::{promised_list, promised_map};
pub use crate::workflow::making::{Making, Refused, TaskLists, WorkflowLists, input, source};
pub use crate::workflow::node::{Built, WorkflowDef};
pub use crate::workflow::parts::{field, output, outputs};
pub use crate::workflow::promise::{Parts, Promise};
pub use crate::workflow::returns::{DynamicReturn, WorkflowReturn};

/// Reads the variables that a container's process reads besides its settings, and says what is wrong with them. For the fuzz target `config`.
#[must_use]
pub fn wrong_settings(environment: &crate::services::env::Environment) -> Vec<String> {
    let platform = crate::process::platform::Platform::detect(environment);
    let (settings, mut wrong) = crate::process::logs::LogSettings::new(environment, platform);
    let _ = (settings.level("target"), crate::services::identity::Identity::new(environment));
    wrong.extend(crate::process::documents::Limits::new(environment, platform).err().map(|error| error.to_string()));
    wrong
}

/// What a task asks of the platform that asks for nothing.
pub static NO_OPTIONS: TaskOptions = TaskOptions::NONE;

/// The length of `path` with each `::` turned into a dot.
#[must_use]
pub const fn dotted_len(path: &str) -> usize {
    let bytes = path.as_bytes();
    let (mut index, mut colons) = (0, 0);
    while index < bytes.len() {
        if bytes[index] == b':' {
            colons += 1;
        }
        index += 1;
    }
    bytes.len() - colons / 2
}

/// `path` with each `::` turned into a dot; `N` is [`dotted_len`].
#[must_use]
pub const fn dotted<const N: usize>(path: &str) -> [u8; N] {
    let bytes = path.as_bytes();
    let mut result = [0; N];
    let (mut from, mut to) = (0, 0);
    while from < bytes.len() {
        if bytes[from] == b':' {
            result[to] = b'.';
            from += 2;
        } else {
            result[to] = bytes[from];
            from += 1;
        }
        to += 1;
    }
    result
}

/// The text of [`dotted`]'s bytes.
///
/// # Panics
/// Never: replacing ASCII by ASCII keeps UTF-8 whole.
#[must_use]
pub const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("replacing ASCII by ASCII keeps UTF-8 whole"),
    }
}
