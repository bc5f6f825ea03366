//! Types to and from wire bytes.

use std::collections::BTreeMap;

use prost::Message;
use serde_json::{Map, Number, Value};

use super::{
    BlobDimensionality, BlobType, DatasetColumn, LiteralType, SchemaColumn, SchemaColumnType, SchemaType, SimpleType,
    StructuredDatasetType, TypeKind, TypeStructure,
};
use crate::error::{Error, ErrorKind, Result};
use crate::field_order;
use crate::json;
use crate::message::decode_message;
use crate::wire::fields;
use crate::wire::flyteidl::core as pb;
use crate::wire::google::protobuf as google;

impl LiteralType {
    /// Encodes the type as `flyteidl.core.LiteralType`. Map keys are sorted, so equal types give equal bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        field_order::sorted(&self.to_wire().encode_to_vec(), &fields::LITERAL_TYPE)
    }

    /// Decodes a `flyteidl.core.LiteralType`. Fields that this crate does not know are skipped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`] where the bytes are not such a message or hold an unknown enum number, [`ErrorKind::Missing`] where they name no
    /// type, [`ErrorKind::TooDeep`] beyond [`MAX_NESTED_MESSAGES`](crate::literal_type::MAX_NESTED_MESSAGES).
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Self::from_wire(decode_message(bytes, "a literal type")?)
    }

    /// Turns the type into the proto3 JSON of `flyteidl.core.LiteralType`, such as `{"collectionType": {"simple": "INTEGER"}}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json::own_to_json(json::Message::LiteralType, &self.encode())
    }

    /// Reads the type from the proto3 JSON of `flyteidl.core.LiteralType`.
    ///
    /// # Errors
    ///
    /// Those of [`json::from_json`] and of [`LiteralType::decode`].
    pub fn from_json(json: &Value) -> Result<Self> {
        Self::decode(&json::from_json(json::Message::LiteralType, json)?)
    }

    /// The type as the message that [`LiteralType::encode`] writes.
    #[must_use]
    pub fn to_wire(&self) -> pb::LiteralType {
        use pb::literal_type::Type;
        let kind = match &self.kind {
            TypeKind::Simple(simple) => Type::Simple(simple.to_wire().into()),
            TypeKind::Schema(schema) => Type::Schema(schema.to_wire()),
            TypeKind::Collection(element) => Type::CollectionType(Box::new(element.to_wire())),
            TypeKind::Map(value) => Type::MapValueType(Box::new(value.to_wire())),
            TypeKind::Blob(blob) => Type::Blob(blob.to_wire()),
            TypeKind::Enum(values) => Type::EnumType(pb::EnumType { values: values.clone() }),
            TypeKind::StructuredDataset(dataset) => Type::StructuredDatasetType(dataset.to_wire()),
            TypeKind::Union(variants) => Type::UnionType(pb::UnionType { variants: variants.iter().map(Self::to_wire).collect() }),
        };
        pb::LiteralType {
            r#type: Some(kind),
            metadata: self.metadata.as_ref().map(struct_to_wire),
            annotation: self.annotation.as_ref().map(|notes| pb::TypeAnnotation { annotations: Some(struct_to_wire(notes)) }),
            structure: self.structure.as_ref().map(|structure| pb::TypeStructure {
                tag: structure.tag.clone(),
                dataclass_type: structure.dataclass_type.iter().map(|(name, field)| (name.clone(), field.to_wire())).collect(),
            }),
        }
    }

    pub(crate) fn from_wire(wire: pb::LiteralType) -> Result<Self> {
        use pb::literal_type::Type;
        let kind = match wire.r#type {
            None => return Err(Error::new(ErrorKind::Missing, "a literal type that names no type")),
            Some(Type::Simple(number)) => TypeKind::Simple(SimpleType::from_wire(number)?),
            Some(Type::Schema(schema)) => TypeKind::Schema(SchemaType::from_wire(schema)?),
            Some(Type::CollectionType(element)) => TypeKind::Collection(Box::new(Self::from_wire(*element)?)),
            Some(Type::MapValueType(value)) => TypeKind::Map(Box::new(Self::from_wire(*value)?)),
            Some(Type::Blob(blob)) => TypeKind::Blob(BlobType::from_wire(blob)?),
            Some(Type::EnumType(texts)) => TypeKind::Enum(texts.values),
            Some(Type::StructuredDatasetType(dataset)) => TypeKind::StructuredDataset(StructuredDatasetType::from_wire(dataset)?),
            Some(Type::UnionType(union)) => TypeKind::Union(union.variants.into_iter().map(Self::from_wire).collect::<Result<_>>()?),
        };
        let structure = match wire.structure {
            None => None,
            Some(structure) => Some(TypeStructure {
                tag: structure.tag,
                dataclass_type: structure
                    .dataclass_type
                    .into_iter()
                    .map(|(name, field)| match Self::from_wire(field) {
                        Ok(field) => Ok((name, field)),
                        Err(error) => Err(error.at_field(&name)),
                    })
                    .collect::<Result<BTreeMap<_, _>>>()?,
            }),
        };
        Ok(Self {
            kind,
            metadata: wire.metadata.map(struct_from_wire),
            annotation: wire.annotation.map(|notes| notes.annotations.map(struct_from_wire).unwrap_or_default()),
            structure,
        })
    }
}

impl SimpleType {
    fn to_wire(self) -> pb::SimpleType {
        match self {
            Self::None => pb::SimpleType::None,
            Self::Integer => pb::SimpleType::Integer,
            Self::Float => pb::SimpleType::Float,
            Self::String => pb::SimpleType::String,
            Self::Boolean => pb::SimpleType::Boolean,
            Self::Datetime => pb::SimpleType::Datetime,
            Self::Duration => pb::SimpleType::Duration,
            Self::Binary => pb::SimpleType::Binary,
            Self::Error => pb::SimpleType::Error,
            Self::Struct => pb::SimpleType::Struct,
        }
    }

    fn from_wire(number: i32) -> Result<Self> {
        Ok(match pb::SimpleType::try_from(number).map_err(|_| unknown_number("SimpleType", number))? {
            pb::SimpleType::None => Self::None,
            pb::SimpleType::Integer => Self::Integer,
            pb::SimpleType::Float => Self::Float,
            pb::SimpleType::String => Self::String,
            pb::SimpleType::Boolean => Self::Boolean,
            pb::SimpleType::Datetime => Self::Datetime,
            pb::SimpleType::Duration => Self::Duration,
            pb::SimpleType::Binary => Self::Binary,
            pb::SimpleType::Error => Self::Error,
            pb::SimpleType::Struct => Self::Struct,
        })
    }
}

impl SchemaType {
    pub(crate) fn to_wire(&self) -> pb::SchemaType {
        use pb::schema_type::SchemaColumn as Column;
        use pb::schema_type::schema_column::SchemaColumnType as Kind;
        let columns = self.columns.iter().map(|column| Column {
            name: column.name.clone(),
            r#type: match column.kind {
                SchemaColumnType::Integer => Kind::Integer,
                SchemaColumnType::Float => Kind::Float,
                SchemaColumnType::String => Kind::String,
                SchemaColumnType::Boolean => Kind::Boolean,
                SchemaColumnType::Datetime => Kind::Datetime,
                SchemaColumnType::Duration => Kind::Duration,
            }
            .into(),
        });
        pb::SchemaType { columns: columns.collect() }
    }

    pub(crate) fn from_wire(wire: pb::SchemaType) -> Result<Self> {
        use pb::schema_type::schema_column::SchemaColumnType as Kind;
        let columns = wire.columns.into_iter().map(|column| {
            let kind = match Kind::try_from(column.r#type).map_err(|_| unknown_number("SchemaColumnType", column.r#type))? {
                Kind::Integer => SchemaColumnType::Integer,
                Kind::Float => SchemaColumnType::Float,
                Kind::String => SchemaColumnType::String,
                Kind::Boolean => SchemaColumnType::Boolean,
                Kind::Datetime => SchemaColumnType::Datetime,
                Kind::Duration => SchemaColumnType::Duration,
            };
            Ok(SchemaColumn { name: column.name, kind })
        });
        Ok(Self { columns: columns.collect::<Result<_>>()? })
    }
}

impl BlobType {
    pub(crate) fn to_wire(&self) -> pb::BlobType {
        use pb::blob_type::BlobDimensionality as Wire;
        let dimensionality = match self.dimensionality {
            BlobDimensionality::Single => Wire::Single,
            BlobDimensionality::Multipart => Wire::Multipart,
        };
        pb::BlobType { format: self.format.clone(), dimensionality: dimensionality.into() }
    }

    pub(crate) fn from_wire(wire: pb::BlobType) -> Result<Self> {
        use pb::blob_type::BlobDimensionality as Wire;
        let dimensionality =
            match Wire::try_from(wire.dimensionality).map_err(|_| unknown_number("BlobDimensionality", wire.dimensionality))? {
                Wire::Single => BlobDimensionality::Single,
                Wire::Multipart => BlobDimensionality::Multipart,
            };
        Ok(Self { format: wire.format, dimensionality })
    }
}

impl StructuredDatasetType {
    pub(crate) fn to_wire(&self) -> pb::StructuredDatasetType {
        use pb::structured_dataset_type::DatasetColumn as Column;
        let columns =
            self.columns.iter().map(|column| Column { name: column.name.clone(), literal_type: Some(column.literal_type.to_wire()) });
        pb::StructuredDatasetType {
            columns: columns.collect(),
            format: self.format.clone(),
            external_schema_type: self.external_schema_type.clone(),
            external_schema_bytes: self.external_schema_bytes.clone(),
        }
    }

    pub(crate) fn from_wire(wire: pb::StructuredDatasetType) -> Result<Self> {
        let columns = wire.columns.into_iter().map(|column| {
            let literal_type = column.literal_type.ok_or_else(|| Error::new(ErrorKind::Missing, "a column that names no type"));
            match literal_type.and_then(LiteralType::from_wire) {
                Ok(literal_type) => Ok(DatasetColumn { name: column.name, literal_type }),
                Err(error) => Err(error.at_field(&column.name)),
            }
        });
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            format: wire.format,
            external_schema_type: wire.external_schema_type,
            external_schema_bytes: wire.external_schema_bytes,
        })
    }
}

fn unknown_number(name: &str, number: i32) -> Error {
    Error::new(ErrorKind::Corrupt, format!("`{name}` has no value {number}"))
}

/// Turns JSON into a `google.protobuf.Struct`: every number becomes a double.
fn struct_to_wire(object: &Map<String, Value>) -> google::Struct {
    google::Struct { fields: object.iter().map(|(key, value)| (key.clone(), value_to_wire(value))).collect() }
}

fn value_to_wire(value: &Value) -> google::Value {
    use google::value::Kind;
    let kind = match value {
        Value::Null => Kind::NullValue(google::NullValue::NullValue.into()),
        Value::Bool(boolean) => Kind::BoolValue(*boolean),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(values) => Kind::ListValue(google::ListValue { values: values.iter().map(value_to_wire).collect() }),
        Value::Object(object) => Kind::StructValue(struct_to_wire(object)),
    };
    google::Value { kind: Some(kind) }
}

/// Turns a `google.protobuf.Struct` into JSON. Numbers that JSON cannot hold become the texts that proto3 JSON has for them.
fn struct_from_wire(wire: google::Struct) -> Map<String, Value> {
    wire.fields.into_iter().map(|(key, value)| (key, value_from_wire(value))).collect()
}

fn value_from_wire(wire: google::Value) -> Value {
    use google::value::Kind;
    match wire.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(boolean)) => Value::Bool(boolean),
        Some(Kind::NumberValue(number)) => match Number::from_f64(number) {
            Some(number) => Value::Number(number),
            None if number.is_nan() => Value::String("NaN".to_owned()),
            None if number > 0.0 => Value::String("Infinity".to_owned()),
            None => Value::String("-Infinity".to_owned()),
        },
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(value_from_wire).collect()),
        Some(Kind::StructValue(fields)) => Value::Object(struct_from_wire(fields)),
    }
}
