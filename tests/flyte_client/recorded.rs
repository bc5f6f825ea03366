//! The double of the registry answers as the platform was recorded to answer.

use std::path::Path;

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

use crate::double::grpc::{ALREADY_EXISTS, INVALID_ARGUMENT, NOT_FOUND, OK};
use crate::double::registry::Registry;

/// The messages of a method of the control plane, by its proto files.
pub(crate) struct Messages(DescriptorPool);

impl Messages {
    pub(crate) fn new() -> Self {
        let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nebulakit-types/proto");
        let files =
            protox::compile([proto.join("flyteidl/service/admin.proto"), proto.join("flyteidl/service/signal.proto")], [&proto]).unwrap();
        Self(DescriptorPool::from_file_descriptor_set(files).unwrap())
    }

    fn method(&self, name: &str) -> prost_reflect::MethodDescriptor {
        let mut methods = self.0.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        methods.find(|method| method.name() == name).unwrap()
    }

    pub(crate) fn request(&self, method: &str, json: &Value) -> Vec<u8> {
        use prost_reflect::prost::Message as _;
        DynamicMessage::deserialize(self.method(method).input(), json).unwrap().encode_to_vec()
    }

    /// The message of a response.
    pub(crate) fn encoded(&self, method: &str, json: &Value) -> Vec<u8> {
        use prost_reflect::prost::Message as _;
        DynamicMessage::deserialize(self.method(method).output(), json).unwrap().encode_to_vec()
    }

    fn response(&self, method: &str, bytes: &[u8]) -> Value {
        let message = DynamicMessage::decode(self.method(method).output(), bytes).unwrap();
        let options = SerializeOptions::new().use_proto_field_name(true);
        message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
    }
}

pub(crate) fn lines(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn line<'l>(lines: &'l [Value], id: &str) -> &'l Value {
    lines.iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("no line `{id}`"))
}

/// A response without what differs from run to run, and without what the double does not compute.
fn compared(mut response: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !["created_at", "updated_at", "connections"].contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut response);
    response
}

#[test]
fn entities_are_given_back_as_recorded() {
    let (messages, recorded, registry) = (Messages::new(), lines("flyte1-admin.jsonl"), Registry::default());
    let create = |method: &str, request: Value| registry.answer(method, messages.request(method, &request)).unwrap();
    let task = &line(&recorded, "task.get")["response"];
    let description = json!({ "short_description": task["short_description"] });
    let template = &task["closure"]["compiled_task"]["template"];
    create("CreateTask", json!({ "id": task["id"], "spec": { "template": template, "description": description } }));
    let workflow = &line(&recorded, "workflow.get")["response"];
    let compiled = &workflow["closure"]["compiled_workflow"];
    for task in compiled["tasks"].as_array().unwrap() {
        create("CreateTask", json!({ "id": task["template"]["id"], "spec": { "template": task["template"] } }));
    }
    let mut template = compiled["primary"]["template"].clone();
    let nodes = template["nodes"].as_array_mut().unwrap();
    nodes.drain(..2);
    nodes[0]["inputs"][0]["binding"]["promise"].as_object_mut().unwrap().remove("node_id");
    create("CreateWorkflow", json!({ "id": workflow["id"], "spec": { "template": template } }));
    for id in ["lp.get", "lp.active"] {
        let plan = &line(&recorded, id)["response"];
        create("CreateLaunchPlan", json!({ "id": plan["id"], "spec": plan["spec"] }));
    }
    for id in ["task.get", "workflow.get", "lp.get", "lp.activate", "lp.activate2", "lp.deactivated"] {
        let line = line(&recorded, id);
        let method = line["method"].as_str().unwrap();
        let answer = registry.answer(method, messages.request(method, &line["request"])).unwrap();
        let answer = compared(messages.response(method, &answer));
        match line.get("response") {
            Some(response) => assert_eq!(answer, compared(response.clone()), "{id}"),
            None => assert_eq!(answer["closure"].get("state"), None, "{id}: INACTIVE is the zero value"),
        }
    }
}

#[test]
fn what_exists_or_is_missing_is_refused_as_recorded() {
    let (messages, recorded, registry) = (Messages::new(), lines("flyte1-refusals.jsonl"), Registry::default());
    let setup = recorded.iter().filter(|line| line["rule"] == "setup");
    for line in setup.chain(
        [
            "task.dup.identical",
            "task.dup.image",
            "task.dup.description",
            "wf.dup.node_added",
            "lp.dup.identical",
            "lp.wf.other_project",
            "lpup.missing",
        ]
        .map(|id| line(&recorded, id)),
    ) {
        let method = line["call"].as_str().unwrap();
        if !["CreateTask", "CreateWorkflow", "CreateLaunchPlan", "UpdateLaunchPlan"].contains(&method) {
            continue;
        }
        let (code, text) = match registry.answer(method, messages.request(method, &line["request"])) {
            Ok(_) => (OK, String::new()),
            Err(refusal) => refusal,
        };
        let name = match code {
            OK => "OK",
            ALREADY_EXISTS => "ALREADY_EXISTS",
            INVALID_ARGUMENT => "INVALID_ARGUMENT",
            NOT_FOUND => "NOT_FOUND",
            other => panic!("{other}"),
        };
        assert_eq!(name, line["code"], "{}: {text}", line["id"]);
        // Of workflows, the double tells no more than the first place.
        let first = |text: &str| text.lines().take(2).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(first(&text), first(line["message"].as_str().unwrap()), "{}", line["id"]);
    }
}
