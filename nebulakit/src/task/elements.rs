//! The task that runs a workflow for each element of lists: the platform's own maps run tasks alone.
//!
//! Its template says all that it needs, so that no container needs a compiler for it. Ids of the same project have no project, domain and
//! version there: they take those of the template, so a package can be registered anywhere.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nebulakit_types::convert::reader::References;
use nebulakit_types::wire::flyteidl::core::{
    Binding, BindingData, BindingDataCollection, BindingDataMap, DynamicJobSpec, Identifier, Literal, LiteralCollection, LiteralMap, Node,
    OutputReference, TaskTemplate, binding_data, if_else_block, literal, node, scalar, task_node, workflow_node,
};
use nebulakit_types::wire::google::protobuf::{ListValue, Struct, Value, value};
use prost::Message as _;

use crate::task::grown::Grown;
use crate::task::template::MAP;

/// How a workflow is run for each element.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The inputs that are gone through; all others are the same for every element.
    pub(crate) mapped: Vec<String>,
    /// How many run at once; 0 for all of them.
    pub(crate) concurrency: u32,
    /// One node, without id and inputs, which stands for those of all elements; and the templates of all that they run.
    pub(crate) job: DynamicJobSpec,
}

impl Plan {
    /// As it is written into the template of its task.
    pub(crate) fn to_custom(&self) -> Struct {
        let mapped = self.mapped.iter().map(|name| text(name.clone())).collect();
        let fields = [
            ("concurrency", value::Kind::NumberValue(self.concurrency.into())),
            ("job", value::Kind::StringValue(STANDARD.encode(self.job.encode_to_vec()))),
            ("mapped", value::Kind::ListValue(ListValue { values: mapped })),
        ];
        let fields = fields.into_iter().map(|(name, kind)| (name.to_owned(), Value { kind: Some(kind) })).collect();
        let plan = Value { kind: Some(value::Kind::StructValue(Struct { fields })) };
        Struct { fields: BTreeMap::from([(MAP.to_owned(), plan)]) }
    }

    /// What the template of its task says.
    fn of(template: &TaskTemplate) -> Option<Self> {
        let kind = |of: &Struct, name: &str| of.fields.get(name).and_then(|value| value.kind.clone());
        let Some(value::Kind::StructValue(plan)) = kind(template.custom.as_ref()?, MAP) else { return None };
        let (Some(value::Kind::NumberValue(concurrency)), Some(value::Kind::StringValue(job)), Some(value::Kind::ListValue(mapped))) =
            (kind(&plan, "concurrency"), kind(&plan, "job"), kind(&plan, "mapped"))
        else {
            return None;
        };
        let name = |value: Value| match value.kind {
            Some(value::Kind::StringValue(name)) => Some(name),
            _ => None,
        };
        Some(Self {
            mapped: mapped.values.into_iter().map(name).collect::<Option<_>>()?,
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was written from such a number")]
            concurrency: concurrency as u32,
            job: DynamicJobSpec::decode(&*STANDARD.decode(job).ok()?).ok()?,
        })
    }
}

pub(crate) fn text(text: String) -> Value {
    Value { kind: Some(value::Kind::StringValue(text)) }
}

/// What the task with this template leaves: a job of one node for each element, or empty lists where there are none. Literals of `inputs` that lie
/// in files of their own are among `references`.
///
/// # Errors
/// When the template is not one of such a task, and when an input is not a list, or lists differ in length.
pub(crate) fn grown(inputs: &[u8], template: &[u8], references: &References) -> Result<Grown, String> {
    let template = TaskTemplate::decode(template).map_err(|error| format!("the template of the task is broken: {error}"))?;
    let plan = Plan::of(&template).ok_or("the template of the task does not say what it runs for each element")?;
    let id = template.id.unwrap_or_default();
    let outputs = template.interface.and_then(|interface| interface.outputs).unwrap_or_default();
    let inputs = LiteralMap::decode(inputs).map_err(|error| format!("the inputs are broken: {error}"))?;
    let inputs: Vec<_> = inputs.literals.into_iter().collect();
    let inputs: BTreeMap<String, Literal> =
        inputs.into_iter().map(|(name, literal)| Ok((name, whole(literal, references)?))).collect::<Result<_, String>>()?;
    let count = count(&plan, &inputs)?;
    if count == 0 {
        let empty = || Literal { value: Some(literal::Value::Collection(LiteralCollection::default())), ..Literal::default() };
        let literals = outputs.variables.into_iter().map(|output| (output.0, empty())).collect();
        return Ok(Grown::Outputs(LiteralMap { literals }.encode_to_vec()));
    }
    let Plan { mapped, concurrency, mut job } = plan;
    let element = job.nodes.pop().unwrap_or_default();
    let binding = |index: usize, (name, literal): (&String, &Literal)| {
        let value = match &literal.value {
            Some(literal::Value::Collection(list)) if mapped.contains(name) => list.literals[index].clone(),
            _ => literal.clone(),
        };
        Binding { var: name.clone(), binding: Some(constant(value)) }
    };
    let nodes = (0..count).map(|index| Node {
        id: format!("n{index}"),
        inputs: inputs.iter().map(|input| binding(index, input)).collect(),
        upstream_node_ids: before(index, concurrency).into_iter().collect(),
        ..element.clone()
    });
    job.nodes = nodes.collect();
    job.min_successes = i64::try_from(count).unwrap_or(i64::MAX);
    job.outputs = outputs.variables.into_keys().map(|name| listed(name, count)).collect();
    owned(&mut job, &id);
    Ok(Grown::Job(job.encode_to_vec()))
}

/// The node that an element waits for: with a limit they run in as many rows.
fn before(index: usize, concurrency: u32) -> Option<String> {
    let rows = usize::try_from(concurrency).unwrap_or(usize::MAX);
    let before = index.checked_sub(rows).filter(|_| rows > 0)?;
    Some(format!("n{before}"))
}

/// The length of the lists that are gone through.
fn count(plan: &Plan, inputs: &BTreeMap<String, Literal>) -> Result<usize, String> {
    let mut first: Option<(&str, usize)> = None;
    for name in &plan.mapped {
        let length = match inputs.get(name).map(|literal| &literal.value) {
            Some(Some(literal::Value::Collection(list))) => list.literals.len(),
            Some(_) => return Err(format!("the input `{name}` is not a list")),
            None => return Err(format!("the input `{name}` is missing")),
        };
        match first {
            Some((other, known)) if known != length => {
                return Err(format!(
                    "`{other}` has {known} elements, and `{name}` has {length}: lists that are gone through together must have the same length"
                ));
            }
            _ => first = Some((name, length)),
        }
    }
    Ok(first.map_or(0, |(_, length)| length))
}

/// The list of an output of all elements.
fn listed(output: String, count: usize) -> Binding {
    let promise = |index| {
        let promise = OutputReference { node_id: format!("n{index}"), var: output.clone(), attr_path: Vec::new() };
        BindingData { value: Some(binding_data::Value::Promise(promise)), union: None }
    };
    let list = BindingDataCollection { bindings: (0..count).map(promise).collect() };
    Binding { binding: Some(BindingData { value: Some(binding_data::Value::Collection(list)), union: None }), var: output }
}

/// The literal with all that lies in files of its own: the platform binds none of that.
fn whole(literal: Literal, references: &References) -> Result<Literal, String> {
    let value = match literal.value {
        Some(literal::Value::OffloadedMetadata(metadata)) => {
            let content = references.get(&metadata.uri).ok_or_else(|| format!("what lies at `{}` cannot be read", metadata.uri))?;
            let content =
                Literal::decode(content.as_ref()).map_err(|error| format!("what lies at `{}` is not a literal: {error}", metadata.uri))?;
            return whole(content, references);
        }
        Some(literal::Value::Collection(list)) => {
            let literals = list.literals.into_iter().map(|element| whole(element, references)).collect::<Result<_, _>>()?;
            Some(literal::Value::Collection(LiteralCollection { literals }))
        }
        Some(literal::Value::Map(map)) => {
            let literals = map.literals.into_iter().map(|(key, entry)| Ok((key, whole(entry, references)?)));
            Some(literal::Value::Map(LiteralMap { literals: literals.collect::<Result<_, String>>()? }))
        }
        Some(literal::Value::Scalar(mut scalar)) => {
            if let Some(scalar::Value::Union(union)) = &mut scalar.value
                && let Some(value) = union.value.take()
            {
                union.value = Some(Box::new(whole(*value, references)?));
            }
            Some(literal::Value::Scalar(scalar))
        }
        None => None,
    };
    Ok(Literal { value, ..literal })
}

/// A value as what feeds an input. Lists and maps are those of bindings, which the platform takes apart.
pub(crate) fn constant(literal: Literal) -> BindingData {
    let value = match literal.value {
        Some(literal::Value::Scalar(scalar)) => binding_data::Value::Scalar(*scalar),
        Some(literal::Value::Collection(list)) => {
            let bindings = list.literals.into_iter().map(constant).collect();
            binding_data::Value::Collection(BindingDataCollection { bindings })
        }
        Some(literal::Value::Map(map)) => {
            let bindings = map.literals.into_iter().map(|(key, value)| (key, constant(value))).collect();
            binding_data::Value::Map(BindingDataMap { bindings })
        }
        Some(literal::Value::OffloadedMetadata(metadata)) => binding_data::Value::OffloadedMetadata(metadata),
        None => return BindingData::default(),
    };
    BindingData { value: Some(value), union: None }
}

/// Puts what has no project into that of `own`, with its domain and version.
fn owned(job: &mut DynamicJobSpec, own: &Identifier) {
    job.nodes.iter_mut().for_each(|node| in_node(node, own));
    job.tasks.iter_mut().filter_map(|task| task.id.as_mut()).for_each(|id| in_id(id, own));
    for workflow in &mut job.subworkflows {
        workflow.id.iter_mut().for_each(|id| in_id(id, own));
        workflow.nodes.iter_mut().chain(&mut workflow.failure_node).for_each(|node| in_node(node, own));
    }
}

fn in_id(id: &mut Identifier, own: &Identifier) {
    if id.project.is_empty() {
        id.project.clone_from(&own.project);
        id.domain.clone_from(&own.domain);
        id.version.clone_from(&own.version);
    }
}

fn in_node(node: &mut Node, own: &Identifier) {
    match &mut node.target {
        Some(node::Target::TaskNode(task)) => match &mut task.reference {
            Some(task_node::Reference::ReferenceId(id)) => in_id(id, own),
            None => {}
        },
        Some(node::Target::WorkflowNode(workflow)) => match &mut workflow.reference {
            Some(workflow_node::Reference::SubWorkflowRef(id) | workflow_node::Reference::LaunchplanRef(id)) => in_id(id, own),
            None => {}
        },
        Some(node::Target::ArrayNode(array)) => array.node.iter_mut().for_each(|node| in_node(node, own)),
        Some(node::Target::BranchNode(branch)) => {
            let Some(if_else) = &mut branch.if_else else { return };
            let blocks = if_else.case.iter_mut().map(|case| &mut **case).chain(&mut if_else.other);
            blocks.filter_map(|block| block.then_node.as_deref_mut()).for_each(|node| in_node(node, own));
            if let Some(if_else_block::Default::ElseNode(node)) = &mut if_else.default {
                in_node(node, own);
            }
        }
        Some(node::Target::GateNode(_)) | None => {}
    }
}
