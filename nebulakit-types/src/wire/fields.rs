//! The fields of messages that have a JSON form; generated from `proto`.
// This file is generated, as the messages are.
use super::describe::{Field, Form, Kind, MessageFields, Shape};

pub(crate) static ARTIFACT_BINDING_DATA: MessageFields = MessageFields {
    name: "flyteidl.core.ArtifactBindingData",
    form: Form::Object,
    fields: &[
        Field { number: 6, json_name: "bindToTimePartition", shape: Shape::OneOf(0), kind: Kind::Bool },
        Field { number: 5, json_name: "partitionKey", shape: Shape::OneOf(0), kind: Kind::String },
        Field { number: 7, json_name: "timeTransform", shape: Shape::Single, kind: Kind::Message(&TIME_TRANSFORM) },
    ],
};

pub(crate) static ARTIFACT_ID: MessageFields = MessageFields {
    name: "flyteidl.core.ArtifactID",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "artifactKey", shape: Shape::Single, kind: Kind::Message(&ARTIFACT_KEY) },
        Field { number: 3, json_name: "partitions", shape: Shape::Single, kind: Kind::Message(&PARTITIONS) },
        Field { number: 4, json_name: "timePartition", shape: Shape::Single, kind: Kind::Message(&TIME_PARTITION) },
        Field { number: 2, json_name: "version", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static ARTIFACT_KEY: MessageFields = MessageFields {
    name: "flyteidl.core.ArtifactKey",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "domain", shape: Shape::Single, kind: Kind::String },
        Field { number: 3, json_name: "name", shape: Shape::Single, kind: Kind::String },
        Field { number: 4, json_name: "org", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "project", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static ARTIFACT_TAG: MessageFields = MessageFields {
    name: "flyteidl.core.ArtifactTag",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "artifactKey", shape: Shape::Single, kind: Kind::Message(&ARTIFACT_KEY) },
        Field { number: 2, json_name: "value", shape: Shape::Single, kind: Kind::Message(&LABEL_VALUE) },
    ],
};

pub(crate) static BINARY: MessageFields = MessageFields {
    name: "flyteidl.core.Binary",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "tag", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "value", shape: Shape::Single, kind: Kind::Bytes },
    ],
};

pub(crate) static BLOB: MessageFields = MessageFields {
    name: "flyteidl.core.Blob",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "metadata", shape: Shape::Single, kind: Kind::Message(&BLOB_METADATA) },
        Field { number: 3, json_name: "uri", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static BLOB_METADATA: MessageFields = MessageFields {
    name: "flyteidl.core.BlobMetadata",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "type", shape: Shape::Single, kind: Kind::Message(&BLOB_TYPE) },
    ],
};

pub(crate) static BLOB_TYPE: MessageFields = MessageFields {
    name: "flyteidl.core.BlobType",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "dimensionality", shape: Shape::Single, kind: Kind::Enum(BLOB_TYPE_BLOB_DIMENSIONALITY) },
        Field { number: 1, json_name: "format", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static CONTAINER: MessageFields = MessageFields {
    name: "flyteidl.core.Container",
    form: Form::Object,
    fields: &[
        Field { number: 10, json_name: "architecture", shape: Shape::Single, kind: Kind::Enum(CONTAINER_ARCHITECTURE) },
        Field { number: 3, json_name: "args", shape: Shape::Repeated, kind: Kind::String },
        Field { number: 2, json_name: "command", shape: Shape::Repeated, kind: Kind::String },
        Field { number: 6, json_name: "config", shape: Shape::Repeated, kind: Kind::Message(&KEY_VALUE_PAIR) },
        Field { number: 9, json_name: "dataConfig", shape: Shape::Single, kind: Kind::Message(&DATA_LOADING_CONFIG) },
        Field { number: 5, json_name: "env", shape: Shape::Repeated, kind: Kind::Message(&KEY_VALUE_PAIR) },
        Field { number: 1, json_name: "image", shape: Shape::Single, kind: Kind::String },
        Field { number: 7, json_name: "ports", shape: Shape::Repeated, kind: Kind::Message(&CONTAINER_PORT) },
        Field { number: 4, json_name: "resources", shape: Shape::Single, kind: Kind::Message(&RESOURCES) },
    ],
};

pub(crate) static CONTAINER_ERROR: MessageFields = MessageFields {
    name: "flyteidl.core.ContainerError",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "code", shape: Shape::Single, kind: Kind::String },
        Field { number: 3, json_name: "kind", shape: Shape::Single, kind: Kind::Enum(CONTAINER_ERROR_KIND) },
        Field { number: 2, json_name: "message", shape: Shape::Single, kind: Kind::String },
        Field { number: 4, json_name: "origin", shape: Shape::Single, kind: Kind::Enum(EXECUTION_ERROR_ERROR_KIND) },
        Field { number: 5, json_name: "timestamp", shape: Shape::Single, kind: Kind::Message(&GOOGLE_PROTOBUF_TIMESTAMP) },
        Field { number: 6, json_name: "worker", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static CONTAINER_PORT: MessageFields = MessageFields {
    name: "flyteidl.core.ContainerPort",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "containerPort", shape: Shape::Single, kind: Kind::Uint32 },
        Field { number: 2, json_name: "name", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static DATA_LOADING_CONFIG: MessageFields = MessageFields {
    name: "flyteidl.core.DataLoadingConfig",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "enabled", shape: Shape::Single, kind: Kind::Bool },
        Field { number: 4, json_name: "format", shape: Shape::Single, kind: Kind::Enum(DATA_LOADING_CONFIG_LITERAL_MAP_FORMAT) },
        Field { number: 2, json_name: "inputPath", shape: Shape::Single, kind: Kind::String },
        Field { number: 5, json_name: "ioStrategy", shape: Shape::Single, kind: Kind::Message(&IOSTRATEGY) },
        Field { number: 3, json_name: "outputPath", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static ENUM_TYPE: MessageFields = MessageFields {
    name: "flyteidl.core.EnumType",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "values", shape: Shape::Repeated, kind: Kind::String },
    ],
};

pub(crate) static ERROR: MessageFields = MessageFields {
    name: "flyteidl.core.Error",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "failedNodeId", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "message", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static ERROR_DOCUMENT: MessageFields = MessageFields {
    name: "flyteidl.core.ErrorDocument",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "error", shape: Shape::Single, kind: Kind::Message(&CONTAINER_ERROR) },
    ],
};

pub(crate) static EXTENDED_RESOURCES: MessageFields = MessageFields {
    name: "flyteidl.core.ExtendedResources",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "gpuAccelerator", shape: Shape::Single, kind: Kind::Message(&GPUACCELERATOR) },
        Field { number: 2, json_name: "sharedMemory", shape: Shape::Single, kind: Kind::Message(&SHARED_MEMORY) },
    ],
};

pub(crate) static GPUACCELERATOR: MessageFields = MessageFields {
    name: "flyteidl.core.GPUAccelerator",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "device", shape: Shape::Single, kind: Kind::String },
        Field { number: 3, json_name: "partitionSize", shape: Shape::OneOf(0), kind: Kind::String },
        Field { number: 2, json_name: "unpartitioned", shape: Shape::OneOf(0), kind: Kind::Bool },
    ],
};

pub(crate) static IOSTRATEGY: MessageFields = MessageFields {
    name: "flyteidl.core.IOStrategy",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "downloadMode", shape: Shape::Single, kind: Kind::Enum(IOSTRATEGY_DOWNLOAD_MODE) },
        Field { number: 2, json_name: "uploadMode", shape: Shape::Single, kind: Kind::Enum(IOSTRATEGY_UPLOAD_MODE) },
    ],
};

pub(crate) static IDENTIFIER: MessageFields = MessageFields {
    name: "flyteidl.core.Identifier",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "domain", shape: Shape::Single, kind: Kind::String },
        Field { number: 4, json_name: "name", shape: Shape::Single, kind: Kind::String },
        Field { number: 6, json_name: "org", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "project", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "resourceType", shape: Shape::Single, kind: Kind::Enum(RESOURCE_TYPE) },
        Field { number: 5, json_name: "version", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static IDENTITY: MessageFields = MessageFields {
    name: "flyteidl.core.Identity",
    form: Form::Object,
    fields: &[
        Field { number: 4, json_name: "executionIdentity", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "iamRole", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "k8sServiceAccount", shape: Shape::Single, kind: Kind::String },
        Field { number: 3, json_name: "oauth2Client", shape: Shape::Single, kind: Kind::Message(&OAUTH2CLIENT) },
    ],
};

pub(crate) static INPUT_BINDING_DATA: MessageFields = MessageFields {
    name: "flyteidl.core.InputBindingData",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "var", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static K8S_OBJECT_METADATA: MessageFields = MessageFields {
    name: "flyteidl.core.K8sObjectMetadata",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "annotations", shape: Shape::Map, kind: Kind::String },
        Field { number: 1, json_name: "labels", shape: Shape::Map, kind: Kind::String },
    ],
};

pub(crate) static K8S_POD: MessageFields = MessageFields {
    name: "flyteidl.core.K8sPod",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "dataConfig", shape: Shape::Single, kind: Kind::Message(&DATA_LOADING_CONFIG) },
        Field { number: 1, json_name: "metadata", shape: Shape::Single, kind: Kind::Message(&K8S_OBJECT_METADATA) },
        Field { number: 2, json_name: "podSpec", shape: Shape::Single, kind: Kind::Message(&GOOGLE_PROTOBUF_STRUCT) },
        Field { number: 4, json_name: "primaryContainerName", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static KEY_VALUE_PAIR: MessageFields = MessageFields {
    name: "flyteidl.core.KeyValuePair",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "key", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "value", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static LABEL_VALUE: MessageFields = MessageFields {
    name: "flyteidl.core.LabelValue",
    form: Form::Object,
    fields: &[
        Field { number: 4, json_name: "inputBinding", shape: Shape::OneOf(0), kind: Kind::Message(&INPUT_BINDING_DATA) },
        Field { number: 5, json_name: "runtimeBinding", shape: Shape::OneOf(0), kind: Kind::Message(&RUNTIME_BINDING) },
        Field { number: 1, json_name: "staticValue", shape: Shape::OneOf(0), kind: Kind::String },
        Field { number: 2, json_name: "timeValue", shape: Shape::OneOf(0), kind: Kind::Message(&GOOGLE_PROTOBUF_TIMESTAMP) },
        Field { number: 3, json_name: "triggeredBinding", shape: Shape::OneOf(0), kind: Kind::Message(&ARTIFACT_BINDING_DATA) },
    ],
};

pub(crate) static LITERAL: MessageFields = MessageFields {
    name: "flyteidl.core.Literal",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "collection", shape: Shape::OneOf(0), kind: Kind::Message(&LITERAL_COLLECTION) },
        Field { number: 4, json_name: "hash", shape: Shape::Single, kind: Kind::String },
        Field { number: 3, json_name: "map", shape: Shape::OneOf(0), kind: Kind::Message(&LITERAL_MAP) },
        Field { number: 5, json_name: "metadata", shape: Shape::Map, kind: Kind::String },
        Field { number: 8, json_name: "offloadedMetadata", shape: Shape::OneOf(0), kind: Kind::Message(&LITERAL_OFFLOADED_METADATA) },
        Field { number: 1, json_name: "scalar", shape: Shape::OneOf(0), kind: Kind::Message(&SCALAR) },
    ],
};

pub(crate) static LITERAL_COLLECTION: MessageFields = MessageFields {
    name: "flyteidl.core.LiteralCollection",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "literals", shape: Shape::Repeated, kind: Kind::Message(&LITERAL) },
    ],
};

pub(crate) static LITERAL_MAP: MessageFields = MessageFields {
    name: "flyteidl.core.LiteralMap",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "literals", shape: Shape::Map, kind: Kind::Message(&LITERAL) },
    ],
};

pub(crate) static LITERAL_OFFLOADED_METADATA: MessageFields = MessageFields {
    name: "flyteidl.core.LiteralOffloadedMetadata",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "inferredType", shape: Shape::Single, kind: Kind::Message(&LITERAL_TYPE) },
        Field { number: 2, json_name: "sizeBytes", shape: Shape::Single, kind: Kind::Uint64 },
        Field { number: 1, json_name: "uri", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static LITERAL_TYPE: MessageFields = MessageFields {
    name: "flyteidl.core.LiteralType",
    form: Form::Object,
    fields: &[
        Field { number: 9, json_name: "annotation", shape: Shape::Single, kind: Kind::Message(&TYPE_ANNOTATION) },
        Field { number: 5, json_name: "blob", shape: Shape::OneOf(0), kind: Kind::Message(&BLOB_TYPE) },
        Field { number: 3, json_name: "collectionType", shape: Shape::OneOf(0), kind: Kind::Message(&LITERAL_TYPE) },
        Field { number: 7, json_name: "enumType", shape: Shape::OneOf(0), kind: Kind::Message(&ENUM_TYPE) },
        Field { number: 4, json_name: "mapValueType", shape: Shape::OneOf(0), kind: Kind::Message(&LITERAL_TYPE) },
        Field { number: 6, json_name: "metadata", shape: Shape::Single, kind: Kind::Message(&GOOGLE_PROTOBUF_STRUCT) },
        Field { number: 2, json_name: "schema", shape: Shape::OneOf(0), kind: Kind::Message(&SCHEMA_TYPE) },
        Field { number: 1, json_name: "simple", shape: Shape::OneOf(0), kind: Kind::Enum(SIMPLE_TYPE) },
        Field { number: 11, json_name: "structure", shape: Shape::Single, kind: Kind::Message(&TYPE_STRUCTURE) },
        Field { number: 8, json_name: "structuredDatasetType", shape: Shape::OneOf(0), kind: Kind::Message(&STRUCTURED_DATASET_TYPE) },
        Field { number: 10, json_name: "unionType", shape: Shape::OneOf(0), kind: Kind::Message(&UNION_TYPE) },
    ],
};

pub(crate) static OAUTH2CLIENT: MessageFields = MessageFields {
    name: "flyteidl.core.OAuth2Client",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "clientId", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "clientSecret", shape: Shape::Single, kind: Kind::Message(&SECRET) },
    ],
};

pub(crate) static OAUTH2TOKEN_REQUEST: MessageFields = MessageFields {
    name: "flyteidl.core.OAuth2TokenRequest",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "client", shape: Shape::Single, kind: Kind::Message(&OAUTH2CLIENT) },
        Field { number: 4, json_name: "idpDiscoveryEndpoint", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "name", shape: Shape::Single, kind: Kind::String },
        Field { number: 5, json_name: "tokenEndpoint", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "type", shape: Shape::Single, kind: Kind::Enum(OAUTH2TOKEN_REQUEST_TYPE) },
    ],
};

pub(crate) static PARTITIONS: MessageFields = MessageFields {
    name: "flyteidl.core.Partitions",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "value", shape: Shape::Map, kind: Kind::Message(&LABEL_VALUE) },
    ],
};

pub(crate) static PRIMITIVE: MessageFields = MessageFields {
    name: "flyteidl.core.Primitive",
    form: Form::Object,
    fields: &[
        Field { number: 4, json_name: "boolean", shape: Shape::OneOf(0), kind: Kind::Bool },
        Field { number: 5, json_name: "datetime", shape: Shape::OneOf(0), kind: Kind::Message(&GOOGLE_PROTOBUF_TIMESTAMP) },
        Field { number: 6, json_name: "duration", shape: Shape::OneOf(0), kind: Kind::Message(&GOOGLE_PROTOBUF_DURATION) },
        Field { number: 2, json_name: "floatValue", shape: Shape::OneOf(0), kind: Kind::Double },
        Field { number: 1, json_name: "integer", shape: Shape::OneOf(0), kind: Kind::Int64 },
        Field { number: 3, json_name: "stringValue", shape: Shape::OneOf(0), kind: Kind::String },
    ],
};

pub(crate) static RESOURCES: MessageFields = MessageFields {
    name: "flyteidl.core.Resources",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "limits", shape: Shape::Repeated, kind: Kind::Message(&RESOURCES_RESOURCE_ENTRY) },
        Field { number: 1, json_name: "requests", shape: Shape::Repeated, kind: Kind::Message(&RESOURCES_RESOURCE_ENTRY) },
    ],
};

pub(crate) static RESOURCES_RESOURCE_ENTRY: MessageFields = MessageFields {
    name: "flyteidl.core.Resources.ResourceEntry",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "name", shape: Shape::Single, kind: Kind::Enum(RESOURCES_RESOURCE_NAME) },
        Field { number: 2, json_name: "value", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static RETRY_STRATEGY: MessageFields = MessageFields {
    name: "flyteidl.core.RetryStrategy",
    form: Form::Object,
    fields: &[
        Field { number: 5, json_name: "retries", shape: Shape::Single, kind: Kind::Uint32 },
    ],
};

pub(crate) static RUNTIME_BINDING: MessageFields = MessageFields {
    name: "flyteidl.core.RuntimeBinding",
    form: Form::Object,
    fields: &[
    ],
};

pub(crate) static RUNTIME_METADATA: MessageFields = MessageFields {
    name: "flyteidl.core.RuntimeMetadata",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "flavor", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "type", shape: Shape::Single, kind: Kind::Enum(RUNTIME_METADATA_RUNTIME_TYPE) },
        Field { number: 2, json_name: "version", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static SCALAR: MessageFields = MessageFields {
    name: "flyteidl.core.Scalar",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "binary", shape: Shape::OneOf(0), kind: Kind::Message(&BINARY) },
        Field { number: 2, json_name: "blob", shape: Shape::OneOf(0), kind: Kind::Message(&BLOB) },
        Field { number: 6, json_name: "error", shape: Shape::OneOf(0), kind: Kind::Message(&ERROR) },
        Field { number: 7, json_name: "generic", shape: Shape::OneOf(0), kind: Kind::Message(&GOOGLE_PROTOBUF_STRUCT) },
        Field { number: 5, json_name: "noneType", shape: Shape::OneOf(0), kind: Kind::Message(&VOID) },
        Field { number: 1, json_name: "primitive", shape: Shape::OneOf(0), kind: Kind::Message(&PRIMITIVE) },
        Field { number: 4, json_name: "schema", shape: Shape::OneOf(0), kind: Kind::Message(&SCHEMA) },
        Field { number: 8, json_name: "structuredDataset", shape: Shape::OneOf(0), kind: Kind::Message(&STRUCTURED_DATASET) },
        Field { number: 9, json_name: "union", shape: Shape::OneOf(0), kind: Kind::Message(&UNION) },
    ],
};

pub(crate) static SCHEMA: MessageFields = MessageFields {
    name: "flyteidl.core.Schema",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "type", shape: Shape::Single, kind: Kind::Message(&SCHEMA_TYPE) },
        Field { number: 1, json_name: "uri", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static SCHEMA_TYPE: MessageFields = MessageFields {
    name: "flyteidl.core.SchemaType",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "columns", shape: Shape::Repeated, kind: Kind::Message(&SCHEMA_TYPE_SCHEMA_COLUMN) },
    ],
};

pub(crate) static SCHEMA_TYPE_SCHEMA_COLUMN: MessageFields = MessageFields {
    name: "flyteidl.core.SchemaType.SchemaColumn",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "name", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "type", shape: Shape::Single, kind: Kind::Enum(SCHEMA_TYPE_SCHEMA_COLUMN_SCHEMA_COLUMN_TYPE) },
    ],
};

pub(crate) static SECRET: MessageFields = MessageFields {
    name: "flyteidl.core.Secret",
    form: Form::Object,
    fields: &[
        Field { number: 5, json_name: "envVar", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "group", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "groupVersion", shape: Shape::Single, kind: Kind::String },
        Field { number: 3, json_name: "key", shape: Shape::Single, kind: Kind::String },
        Field { number: 4, json_name: "mountRequirement", shape: Shape::Single, kind: Kind::Enum(SECRET_MOUNT_TYPE) },
    ],
};

pub(crate) static SECURITY_CONTEXT: MessageFields = MessageFields {
    name: "flyteidl.core.SecurityContext",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "runAs", shape: Shape::Single, kind: Kind::Message(&IDENTITY) },
        Field { number: 2, json_name: "secrets", shape: Shape::Repeated, kind: Kind::Message(&SECRET) },
        Field { number: 3, json_name: "tokens", shape: Shape::Repeated, kind: Kind::Message(&OAUTH2TOKEN_REQUEST) },
    ],
};

pub(crate) static SHARED_MEMORY: MessageFields = MessageFields {
    name: "flyteidl.core.SharedMemory",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "mountName", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "mountPath", shape: Shape::Single, kind: Kind::String },
        Field { number: 3, json_name: "sizeLimit", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static SQL: MessageFields = MessageFields {
    name: "flyteidl.core.Sql",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "dialect", shape: Shape::Single, kind: Kind::Enum(SQL_DIALECT) },
        Field { number: 1, json_name: "statement", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static STRUCTURED_DATASET: MessageFields = MessageFields {
    name: "flyteidl.core.StructuredDataset",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "metadata", shape: Shape::Single, kind: Kind::Message(&STRUCTURED_DATASET_METADATA) },
        Field { number: 1, json_name: "uri", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static STRUCTURED_DATASET_METADATA: MessageFields = MessageFields {
    name: "flyteidl.core.StructuredDatasetMetadata",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "structuredDatasetType", shape: Shape::Single, kind: Kind::Message(&STRUCTURED_DATASET_TYPE) },
    ],
};

pub(crate) static STRUCTURED_DATASET_TYPE: MessageFields = MessageFields {
    name: "flyteidl.core.StructuredDatasetType",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "columns", shape: Shape::Repeated, kind: Kind::Message(&STRUCTURED_DATASET_TYPE_DATASET_COLUMN) },
        Field { number: 4, json_name: "externalSchemaBytes", shape: Shape::Single, kind: Kind::Bytes },
        Field { number: 3, json_name: "externalSchemaType", shape: Shape::Single, kind: Kind::String },
        Field { number: 2, json_name: "format", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static STRUCTURED_DATASET_TYPE_DATASET_COLUMN: MessageFields = MessageFields {
    name: "flyteidl.core.StructuredDatasetType.DatasetColumn",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "literalType", shape: Shape::Single, kind: Kind::Message(&LITERAL_TYPE) },
        Field { number: 1, json_name: "name", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static TASK_METADATA: MessageFields = MessageFields {
    name: "flyteidl.core.TaskMetadata",
    form: Form::Object,
    fields: &[
        Field { number: 13, json_name: "cacheIgnoreInputVars", shape: Shape::Repeated, kind: Kind::String },
        Field { number: 9, json_name: "cacheSerializable", shape: Shape::Single, kind: Kind::Bool },
        Field { number: 7, json_name: "deprecatedErrorMessage", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "discoverable", shape: Shape::Single, kind: Kind::Bool },
        Field { number: 6, json_name: "discoveryVersion", shape: Shape::Single, kind: Kind::String },
        Field { number: 15, json_name: "generatesDeck", shape: Shape::Single, kind: Kind::Message(&GOOGLE_PROTOBUF_BOOL_VALUE) },
        Field { number: 8, json_name: "interruptible", shape: Shape::OneOf(0), kind: Kind::Bool },
        Field { number: 14, json_name: "isEager", shape: Shape::Single, kind: Kind::Bool },
        Field { number: 16, json_name: "metadata", shape: Shape::Single, kind: Kind::Message(&K8S_OBJECT_METADATA) },
        Field { number: 12, json_name: "podTemplateName", shape: Shape::Single, kind: Kind::String },
        Field { number: 5, json_name: "retries", shape: Shape::Single, kind: Kind::Message(&RETRY_STRATEGY) },
        Field { number: 2, json_name: "runtime", shape: Shape::Single, kind: Kind::Message(&RUNTIME_METADATA) },
        Field { number: 11, json_name: "tags", shape: Shape::Map, kind: Kind::String },
        Field { number: 4, json_name: "timeout", shape: Shape::Single, kind: Kind::Message(&GOOGLE_PROTOBUF_DURATION) },
    ],
};

pub(crate) static TASK_TEMPLATE: MessageFields = MessageFields {
    name: "flyteidl.core.TaskTemplate",
    form: Form::Object,
    fields: &[
        Field { number: 16, json_name: "config", shape: Shape::Map, kind: Kind::String },
        Field { number: 6, json_name: "container", shape: Shape::OneOf(0), kind: Kind::Message(&CONTAINER) },
        Field { number: 5, json_name: "custom", shape: Shape::Single, kind: Kind::Message(&GOOGLE_PROTOBUF_STRUCT) },
        Field { number: 9, json_name: "extendedResources", shape: Shape::Single, kind: Kind::Message(&EXTENDED_RESOURCES) },
        Field { number: 1, json_name: "id", shape: Shape::Single, kind: Kind::Message(&IDENTIFIER) },
        Field { number: 4, json_name: "interface", shape: Shape::Single, kind: Kind::Message(&TYPED_INTERFACE) },
        Field { number: 17, json_name: "k8sPod", shape: Shape::OneOf(0), kind: Kind::Message(&K8S_POD) },
        Field { number: 3, json_name: "metadata", shape: Shape::Single, kind: Kind::Message(&TASK_METADATA) },
        Field { number: 8, json_name: "securityContext", shape: Shape::Single, kind: Kind::Message(&SECURITY_CONTEXT) },
        Field { number: 18, json_name: "sql", shape: Shape::OneOf(0), kind: Kind::Message(&SQL) },
        Field { number: 7, json_name: "taskTypeVersion", shape: Shape::Single, kind: Kind::Int32 },
        Field { number: 2, json_name: "type", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static TIME_PARTITION: MessageFields = MessageFields {
    name: "flyteidl.core.TimePartition",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "granularity", shape: Shape::Single, kind: Kind::Enum(GRANULARITY) },
        Field { number: 1, json_name: "value", shape: Shape::Single, kind: Kind::Message(&LABEL_VALUE) },
    ],
};

pub(crate) static TIME_TRANSFORM: MessageFields = MessageFields {
    name: "flyteidl.core.TimeTransform",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "op", shape: Shape::Single, kind: Kind::Enum(OPERATOR) },
        Field { number: 1, json_name: "transform", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static TYPE_ANNOTATION: MessageFields = MessageFields {
    name: "flyteidl.core.TypeAnnotation",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "annotations", shape: Shape::Single, kind: Kind::Message(&GOOGLE_PROTOBUF_STRUCT) },
    ],
};

pub(crate) static TYPE_STRUCTURE: MessageFields = MessageFields {
    name: "flyteidl.core.TypeStructure",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "dataclassType", shape: Shape::Map, kind: Kind::Message(&LITERAL_TYPE) },
        Field { number: 1, json_name: "tag", shape: Shape::Single, kind: Kind::String },
    ],
};

pub(crate) static TYPED_INTERFACE: MessageFields = MessageFields {
    name: "flyteidl.core.TypedInterface",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "inputs", shape: Shape::Single, kind: Kind::Message(&VARIABLE_MAP) },
        Field { number: 2, json_name: "outputs", shape: Shape::Single, kind: Kind::Message(&VARIABLE_MAP) },
    ],
};

pub(crate) static UNION: MessageFields = MessageFields {
    name: "flyteidl.core.Union",
    form: Form::Object,
    fields: &[
        Field { number: 2, json_name: "type", shape: Shape::Single, kind: Kind::Message(&LITERAL_TYPE) },
        Field { number: 1, json_name: "value", shape: Shape::Single, kind: Kind::Message(&LITERAL) },
    ],
};

pub(crate) static UNION_TYPE: MessageFields = MessageFields {
    name: "flyteidl.core.UnionType",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "variants", shape: Shape::Repeated, kind: Kind::Message(&LITERAL_TYPE) },
    ],
};

pub(crate) static VARIABLE: MessageFields = MessageFields {
    name: "flyteidl.core.Variable",
    form: Form::Object,
    fields: &[
        Field { number: 3, json_name: "artifactPartialId", shape: Shape::Single, kind: Kind::Message(&ARTIFACT_ID) },
        Field { number: 4, json_name: "artifactTag", shape: Shape::Single, kind: Kind::Message(&ARTIFACT_TAG) },
        Field { number: 2, json_name: "description", shape: Shape::Single, kind: Kind::String },
        Field { number: 1, json_name: "type", shape: Shape::Single, kind: Kind::Message(&LITERAL_TYPE) },
    ],
};

pub(crate) static VARIABLE_MAP: MessageFields = MessageFields {
    name: "flyteidl.core.VariableMap",
    form: Form::Object,
    fields: &[
        Field { number: 1, json_name: "variables", shape: Shape::Map, kind: Kind::Message(&VARIABLE) },
    ],
};

pub(crate) static VOID: MessageFields = MessageFields {
    name: "flyteidl.core.Void",
    form: Form::Object,
    fields: &[
    ],
};

pub(crate) static GOOGLE_PROTOBUF_BOOL_VALUE: MessageFields = MessageFields {
    name: "google.protobuf.BoolValue",
    form: Form::Wrapper,
    fields: &[
        Field { number: 1, json_name: "value", shape: Shape::Single, kind: Kind::Bool },
    ],
};

pub(crate) static GOOGLE_PROTOBUF_DURATION: MessageFields = MessageFields {
    name: "google.protobuf.Duration",
    form: Form::Duration,
    fields: &[
        Field { number: 2, json_name: "nanos", shape: Shape::Single, kind: Kind::Int32 },
        Field { number: 1, json_name: "seconds", shape: Shape::Single, kind: Kind::Int64 },
    ],
};

pub(crate) static GOOGLE_PROTOBUF_LIST_VALUE: MessageFields = MessageFields {
    name: "google.protobuf.ListValue",
    form: Form::List,
    fields: &[
        Field { number: 1, json_name: "values", shape: Shape::Repeated, kind: Kind::Message(&GOOGLE_PROTOBUF_VALUE) },
    ],
};

pub(crate) static GOOGLE_PROTOBUF_STRUCT: MessageFields = MessageFields {
    name: "google.protobuf.Struct",
    form: Form::Struct,
    fields: &[
        Field { number: 1, json_name: "fields", shape: Shape::Map, kind: Kind::Message(&GOOGLE_PROTOBUF_VALUE) },
    ],
};

pub(crate) static GOOGLE_PROTOBUF_TIMESTAMP: MessageFields = MessageFields {
    name: "google.protobuf.Timestamp",
    form: Form::Timestamp,
    fields: &[
        Field { number: 2, json_name: "nanos", shape: Shape::Single, kind: Kind::Int32 },
        Field { number: 1, json_name: "seconds", shape: Shape::Single, kind: Kind::Int64 },
    ],
};

pub(crate) static GOOGLE_PROTOBUF_VALUE: MessageFields = MessageFields {
    name: "google.protobuf.Value",
    form: Form::Value,
    fields: &[
        Field { number: 4, json_name: "boolValue", shape: Shape::OneOf(0), kind: Kind::Bool },
        Field { number: 6, json_name: "listValue", shape: Shape::OneOf(0), kind: Kind::Message(&GOOGLE_PROTOBUF_LIST_VALUE) },
        Field { number: 1, json_name: "nullValue", shape: Shape::OneOf(0), kind: Kind::Enum(GOOGLE_PROTOBUF_NULL_VALUE) },
        Field { number: 2, json_name: "numberValue", shape: Shape::OneOf(0), kind: Kind::Double },
        Field { number: 3, json_name: "stringValue", shape: Shape::OneOf(0), kind: Kind::String },
        Field { number: 5, json_name: "structValue", shape: Shape::OneOf(0), kind: Kind::Message(&GOOGLE_PROTOBUF_STRUCT) },
    ],
};

static BLOB_TYPE_BLOB_DIMENSIONALITY: &[(i32, &str)] = &[
    (0, "SINGLE"),
    (1, "MULTIPART"),
];

static CONTAINER_ARCHITECTURE: &[(i32, &str)] = &[
    (0, "UNKNOWN"),
    (1, "AMD64"),
    (2, "ARM64"),
    (3, "ARM_V6"),
    (4, "ARM_V7"),
];

static CONTAINER_ERROR_KIND: &[(i32, &str)] = &[
    (0, "NON_RECOVERABLE"),
    (1, "RECOVERABLE"),
];

static DATA_LOADING_CONFIG_LITERAL_MAP_FORMAT: &[(i32, &str)] = &[
    (0, "JSON"),
    (1, "YAML"),
    (2, "PROTO"),
];

static EXECUTION_ERROR_ERROR_KIND: &[(i32, &str)] = &[
    (0, "UNKNOWN"),
    (1, "USER"),
    (2, "SYSTEM"),
];

static GRANULARITY: &[(i32, &str)] = &[
    (0, "UNSET"),
    (1, "MINUTE"),
    (2, "HOUR"),
    (3, "DAY"),
    (4, "MONTH"),
];

static IOSTRATEGY_DOWNLOAD_MODE: &[(i32, &str)] = &[
    (0, "DOWNLOAD_EAGER"),
    (1, "DOWNLOAD_STREAM"),
    (2, "DO_NOT_DOWNLOAD"),
];

static IOSTRATEGY_UPLOAD_MODE: &[(i32, &str)] = &[
    (0, "UPLOAD_ON_EXIT"),
    (1, "UPLOAD_EAGER"),
    (2, "DO_NOT_UPLOAD"),
];

static OAUTH2TOKEN_REQUEST_TYPE: &[(i32, &str)] = &[
    (0, "CLIENT_CREDENTIALS"),
];

static OPERATOR: &[(i32, &str)] = &[
    (0, "MINUS"),
    (1, "PLUS"),
];

static RESOURCE_TYPE: &[(i32, &str)] = &[
    (0, "UNSPECIFIED"),
    (1, "TASK"),
    (2, "WORKFLOW"),
    (3, "LAUNCH_PLAN"),
    (4, "DATASET"),
];

static RESOURCES_RESOURCE_NAME: &[(i32, &str)] = &[
    (0, "UNKNOWN"),
    (1, "CPU"),
    (2, "GPU"),
    (3, "MEMORY"),
    (4, "STORAGE"),
    (5, "EPHEMERAL_STORAGE"),
];

static RUNTIME_METADATA_RUNTIME_TYPE: &[(i32, &str)] = &[
    (0, "OTHER"),
    (1, "FLYTE_SDK"),
];

static SCHEMA_TYPE_SCHEMA_COLUMN_SCHEMA_COLUMN_TYPE: &[(i32, &str)] = &[
    (0, "INTEGER"),
    (1, "FLOAT"),
    (2, "STRING"),
    (3, "BOOLEAN"),
    (4, "DATETIME"),
    (5, "DURATION"),
];

static SECRET_MOUNT_TYPE: &[(i32, &str)] = &[
    (0, "ANY"),
    (1, "ENV_VAR"),
    (2, "FILE"),
];

static SIMPLE_TYPE: &[(i32, &str)] = &[
    (0, "NONE"),
    (1, "INTEGER"),
    (2, "FLOAT"),
    (3, "STRING"),
    (4, "BOOLEAN"),
    (5, "DATETIME"),
    (6, "DURATION"),
    (7, "BINARY"),
    (8, "ERROR"),
    (9, "STRUCT"),
];

static SQL_DIALECT: &[(i32, &str)] = &[
    (0, "UNDEFINED"),
    (1, "ANSI"),
    (2, "HIVE"),
    (3, "OTHER"),
];

static GOOGLE_PROTOBUF_NULL_VALUE: &[(i32, &str)] = &[
    (0, "NULL_VALUE"),
];
