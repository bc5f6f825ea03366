//! Literals as protobuf messages, and back.

use std::collections::BTreeMap;

use super::{GenericValue, Literal, LiteralValue, Primitive, TimeDelta, Timestamp};
use crate::error::{Error, ErrorKind, Result};
use crate::literal_type::{BlobDimensionality, BlobType, LiteralType, SchemaType, StructuredDatasetType};
use crate::wire::flyteidl::core as pb;
use crate::wire::google::protobuf as google;

impl Literal {
    pub(super) fn to_wire(&self) -> pb::Literal {
        use pb::literal::Value as Wire;
        use pb::scalar::Value as Scalar;
        let scalar = match &self.value {
            LiteralValue::Collection(literals) => {
                let literals = literals.iter().map(Self::to_wire).collect();
                return self.wire(Wire::Collection(pb::LiteralCollection { literals }));
            }
            LiteralValue::Map(literals) => return self.wire(Wire::Map(map_to_wire(literals))),
            LiteralValue::Offloaded { uri, size_bytes, inferred_type } => {
                return self.wire(Wire::OffloadedMetadata(pb::LiteralOffloadedMetadata {
                    uri: uri.clone(),
                    size_bytes: *size_bytes,
                    inferred_type: inferred_type.as_ref().map(|inferred| inferred.to_wire()),
                }));
            }
            LiteralValue::Primitive(primitive) => Scalar::Primitive(primitive.to_wire()),
            LiteralValue::Blob { uri, blob_type } => {
                Scalar::Blob(pb::Blob { metadata: Some(pb::BlobMetadata { r#type: Some(blob_type.to_wire()) }), uri: uri.clone() })
            }
            LiteralValue::Binary { value, tag } => Scalar::Binary(pb::Binary { value: value.clone(), tag: tag.clone() }),
            LiteralValue::Schema { uri, schema_type } => {
                Scalar::Schema(pb::Schema { uri: uri.clone(), r#type: Some(schema_type.to_wire()) })
            }
            LiteralValue::None => Scalar::NoneType(pb::Void {}),
            LiteralValue::Error { failed_node_id, message } => {
                Scalar::Error(pb::Error { failed_node_id: failed_node_id.clone(), message: message.clone() })
            }
            LiteralValue::Generic(fields) => Scalar::Generic(generic_to_wire(fields)),
            LiteralValue::StructuredDataset { uri, dataset_type } => Scalar::StructuredDataset(pb::StructuredDataset {
                uri: uri.clone(),
                metadata: Some(pb::StructuredDatasetMetadata { structured_dataset_type: Some(dataset_type.to_wire()) }),
            }),
            LiteralValue::Union { value, variant } => Scalar::Union(Box::new(pb::Union {
                value: Some(Box::new(value.to_wire())),
                r#type: variant.as_ref().map(|variant| variant.to_wire()),
            })),
        };
        self.wire(Wire::Scalar(Box::new(pb::Scalar { value: Some(scalar) })))
    }

    fn wire(&self, value: pb::literal::Value) -> pb::Literal {
        pb::Literal { value: Some(value), hash: self.hash.clone().unwrap_or_default(), metadata: self.metadata.clone() }
    }

    pub(super) fn from_wire(wire: pb::Literal) -> Result<Self> {
        use pb::literal::Value as Wire;
        let value = match wire.value {
            None => return Err(no_value("a literal")),
            Some(Wire::Scalar(scalar)) => scalar_from_wire(*scalar)?,
            Some(Wire::Collection(collection)) => {
                let literals = collection.literals.into_iter().enumerate();
                let literals = literals.map(|(index, literal)| Self::from_wire(literal).map_err(|error| error.at_index(index)));
                LiteralValue::Collection(literals.collect::<Result<_>>()?)
            }
            Some(Wire::Map(map)) => {
                let literals = map.literals.into_iter().map(|(key, literal)| match Self::from_wire(literal) {
                    Ok(literal) => Ok((key, literal)),
                    Err(error) => Err(error.at_key(&key)),
                });
                LiteralValue::Map(literals.collect::<Result<_>>()?)
            }
            Some(Wire::OffloadedMetadata(offloaded)) => LiteralValue::Offloaded {
                uri: offloaded.uri,
                size_bytes: offloaded.size_bytes,
                inferred_type: optional_type(offloaded.inferred_type)?,
            },
        };
        Ok(Self { value, hash: Some(wire.hash).filter(|hash| !hash.is_empty()), metadata: wire.metadata })
    }
}

pub(super) fn map_to_wire(literals: &BTreeMap<String, Literal>) -> pb::LiteralMap {
    pb::LiteralMap { literals: literals.iter().map(|(name, literal)| (name.clone(), literal.to_wire())).collect() }
}

fn scalar_from_wire(wire: pb::Scalar) -> Result<LiteralValue> {
    use pb::scalar::Value as Scalar;
    Ok(match wire.value {
        None => return Err(no_value("a scalar")),
        Some(Scalar::Primitive(primitive)) => LiteralValue::Primitive(Primitive::from_wire(primitive)?),
        Some(Scalar::Blob(blob)) => LiteralValue::Blob {
            uri: blob.uri,
            blob_type: match blob.metadata.and_then(|metadata| metadata.r#type) {
                Some(blob_type) => BlobType::from_wire(blob_type)?,
                None => BlobType { format: String::new(), dimensionality: BlobDimensionality::Single },
            },
        },
        Some(Scalar::Binary(binary)) => LiteralValue::Binary { value: binary.value, tag: binary.tag },
        Some(Scalar::Schema(schema)) => {
            LiteralValue::Schema { uri: schema.uri, schema_type: schema.r#type.map(SchemaType::from_wire).transpose()?.unwrap_or_default() }
        }
        Some(Scalar::NoneType(_)) => LiteralValue::None,
        Some(Scalar::Error(error)) => LiteralValue::Error { failed_node_id: error.failed_node_id, message: error.message },
        Some(Scalar::Generic(fields)) => LiteralValue::Generic(generic_from_wire(fields)),
        Some(Scalar::StructuredDataset(dataset)) => {
            let dataset_type = dataset.metadata.and_then(|metadata| metadata.structured_dataset_type);
            let dataset_type = dataset_type.map(StructuredDatasetType::from_wire).transpose()?.unwrap_or_default();
            LiteralValue::StructuredDataset { uri: dataset.uri, dataset_type }
        }
        Some(Scalar::Union(union)) => LiteralValue::Union {
            value: Box::new(Literal::from_wire(*union.value.ok_or_else(|| no_value("a union"))?)?),
            variant: optional_type(union.r#type)?,
        },
    })
}

/// Reads a type that may be left out; one that names no type says nothing and counts as left out.
fn optional_type(wire: Option<pb::LiteralType>) -> Result<Option<Box<LiteralType>>> {
    let named = wire.filter(|wire| wire.r#type.is_some());
    Ok(named.map(LiteralType::from_wire).transpose()?.map(Box::new))
}

fn no_value(what: &str) -> Error {
    Error::new(ErrorKind::Missing, format!("{what} without a value"))
}

impl Primitive {
    fn to_wire(&self) -> pb::Primitive {
        use pb::primitive::Value as Wire;
        let value = match self {
            Self::Integer(integer) => Wire::Integer(*integer),
            Self::Float(float) => Wire::FloatValue(*float),
            Self::String(text) => Wire::StringValue(text.clone()),
            Self::Boolean(boolean) => Wire::Boolean(*boolean),
            Self::Datetime(time) => Wire::Datetime(google::Timestamp { seconds: time.seconds, nanos: time.nanos }),
            Self::Duration(span) => Wire::Duration(google::Duration { seconds: span.seconds, nanos: span.nanos }),
        };
        pb::Primitive { value: Some(value) }
    }

    fn from_wire(wire: pb::Primitive) -> Result<Self> {
        use pb::primitive::Value as Wire;
        Ok(match wire.value.ok_or_else(|| no_value("a primitive"))? {
            Wire::Integer(integer) => Self::Integer(integer),
            Wire::FloatValue(float) => Self::Float(float),
            Wire::StringValue(text) => Self::String(text),
            Wire::Boolean(boolean) => Self::Boolean(boolean),
            Wire::Datetime(time) => Self::Datetime(Timestamp { seconds: time.seconds, nanos: time.nanos }),
            Wire::Duration(span) => Self::Duration(TimeDelta { seconds: span.seconds, nanos: span.nanos }),
        })
    }
}

fn generic_to_wire(fields: &BTreeMap<String, GenericValue>) -> google::Struct {
    google::Struct { fields: fields.iter().map(|(key, value)| (key.clone(), value.to_wire())).collect() }
}

fn generic_from_wire(wire: google::Struct) -> BTreeMap<String, GenericValue> {
    wire.fields.into_iter().map(|(key, value)| (key, GenericValue::from_wire(value))).collect()
}

impl GenericValue {
    fn to_wire(&self) -> google::Value {
        use google::value::Kind;
        let kind = match self {
            Self::Null => Kind::NullValue(google::NullValue::NullValue.into()),
            Self::Number(number) => Kind::NumberValue(*number),
            Self::String(text) => Kind::StringValue(text.clone()),
            Self::Boolean(boolean) => Kind::BoolValue(*boolean),
            Self::List(values) => Kind::ListValue(google::ListValue { values: values.iter().map(Self::to_wire).collect() }),
            Self::Struct(fields) => Kind::StructValue(generic_to_wire(fields)),
        };
        google::Value { kind: Some(kind) }
    }

    fn from_wire(wire: google::Value) -> Self {
        use google::value::Kind;
        match wire.kind {
            None | Some(Kind::NullValue(_)) => Self::Null,
            Some(Kind::NumberValue(number)) => Self::Number(number),
            Some(Kind::StringValue(text)) => Self::String(text),
            Some(Kind::BoolValue(boolean)) => Self::Boolean(boolean),
            Some(Kind::ListValue(list)) => Self::List(list.values.into_iter().map(Self::from_wire).collect()),
            Some(Kind::StructValue(fields)) => Self::Struct(generic_from_wire(fields)),
        }
    }
}
