//! The messages of the control plane's methods, to and from the JSON of what was recorded.

use std::path::Path;

use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

/// The methods, by their proto files.
pub(crate) struct Messages(DescriptorPool);

impl Messages {
    pub(crate) fn new() -> Self {
        let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nebulakit-types/proto");
        let files = ["admin", "signal", "dataproxy"].map(|file| proto.join(format!("flyteidl/service/{file}.proto")));
        let files = files.iter().filter(|file| file.exists());
        Self(DescriptorPool::from_file_descriptor_set(protox::compile(files, [&proto]).unwrap()).unwrap())
    }

    fn method(&self, name: &str) -> Option<prost_reflect::MethodDescriptor> {
        self.0.services().flat_map(|service| service.methods().collect::<Vec<_>>()).find(|method| method.name() == name)
    }

    /// A request, encoded; none where nobody knows the method.
    pub(crate) fn request(&self, method: &str, json: &Value) -> Option<Vec<u8>> {
        Some(DynamicMessage::deserialize(self.method(method)?.input(), json).ok()?.encode_to_vec())
    }

    pub(crate) fn response(&self, method: &str, bytes: &[u8]) -> Value {
        let message = DynamicMessage::decode(self.method(method).unwrap().output(), bytes).unwrap();
        let options = SerializeOptions::new().use_proto_field_name(true);
        message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
    }
}

/// The lines of a file of recorded vectors.
pub(crate) fn lines(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A code as the lines have it.
pub(crate) fn code(code: u32) -> &'static str {
    match code {
        0 => "OK",
        3 => "INVALID_ARGUMENT",
        5 => "NOT_FOUND",
        6 => "ALREADY_EXISTS",
        8 => "RESOURCE_EXHAUSTED",
        9 => "FAILED_PRECONDITION",
        12 => "UNIMPLEMENTED",
        13 => "INTERNAL",
        _ => "another",
    }
}
