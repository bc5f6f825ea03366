//! Literals as protobuf messages, and back.

use std::collections::BTreeMap;

use prost::Message as _;
use serde_json::Value;

use super::{GenericValue, Literal, LiteralValue, Primitive, TimeDelta, Timestamp};
use crate::error::{Error, ErrorKind, Result};
use crate::field_order;
use crate::json::{self, Message};
use crate::literal_type::{BlobDimensionality, BlobType, LiteralType, SchemaType, StructuredDatasetType};
use crate::message::decode_message;
use crate::wire::fields;
use crate::wire::flyteidl::core as pb;
use crate::wire::google::protobuf as google;

impl Literal {
    /// Encodes the literal as `flyteidl.core.Literal`. Map keys are sorted, so equal literals give equal bytes.
    ///
    /// Literals nested deeper than [`MAX_NESTED_MESSAGES`](crate::literal_type::MAX_NESTED_MESSAGES) are encoded, but hardly any reader
    /// takes them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        field_order::sorted(&self.to_wire().encode_to_vec(), &fields::LITERAL)
    }

    /// Decodes a `flyteidl.core.Literal`. Fields that this crate does not know are skipped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`] where the bytes are not such a message or hold an unknown enum number, [`ErrorKind::Missing`] where a part has
    /// no value, [`ErrorKind::TooDeep`] beyond [`MAX_NESTED_MESSAGES`](crate::literal_type::MAX_NESTED_MESSAGES).
    ///
    /// [`ErrorKind::Corrupt`]: crate::ErrorKind::Corrupt
    /// [`ErrorKind::Missing`]: crate::ErrorKind::Missing
    /// [`ErrorKind::TooDeep`]: crate::ErrorKind::TooDeep
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Self::from_wire(decode_message(bytes, "a literal")?)
    }

    /// Encodes named literals as `flyteidl.core.LiteralMap`, the message of `inputs.pb` and `outputs.pb`, sorted by name.
    #[must_use]
    pub fn encode_map(literals: &BTreeMap<String, Self>) -> Vec<u8> {
        field_order::sorted(&map_to_wire(literals).encode_to_vec(), &fields::LITERAL_MAP)
    }

    /// Decodes a `flyteidl.core.LiteralMap`.
    ///
    /// # Errors
    ///
    /// Those of [`Literal::decode`].
    pub fn decode_map(bytes: &[u8]) -> Result<BTreeMap<String, Self>> {
        decode_message::<pb::LiteralMap>(bytes, "a map of literals")?
            .literals
            .into_iter()
            .map(|(name, literal)| match Self::from_wire(literal) {
                Ok(literal) => Ok((name, literal)),
                Err(error) => Err(error.at_field(&name)),
            })
            .collect()
    }

    /// Turns the literal into the proto3 JSON of `flyteidl.core.Literal`, such as `{"scalar": {"primitive": {"integer": "1"}}}`.
    ///
    /// # Errors
    ///
    /// Those of [`json::to_json`], of which times out of range are the likely one.
    pub fn to_json(&self) -> Result<Value> {
        json::to_json(Message::Literal, &self.encode())
    }

    /// Reads the literal from the proto3 JSON of `flyteidl.core.Literal`.
    ///
    /// # Errors
    ///
    /// Those of [`json::from_json`] and of [`Literal::decode`].
    pub fn from_json(json: &Value) -> Result<Self> {
        Self::decode(&json::from_json(Message::Literal, json)?)
    }

    /// The literal as the message that [`Literal::encode`] writes.
    #[must_use]
    pub fn to_wire(&self) -> pb::Literal {
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

    fn from_wire(wire: pb::Literal) -> Result<Self> {
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

fn map_to_wire(literals: &BTreeMap<String, Literal>) -> pb::LiteralMap {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    /// Lists of lists; a level takes a literal and a collection.
    fn nested(levels: usize) -> Literal {
        (0..levels).fold(Literal::collection(Vec::new()), |inner, _| Literal::collection(vec![inner]))
    }

    #[test]
    fn nesting_is_read_up_to_its_limit() {
        let fits = nested(49);
        assert_eq!(Literal::decode(&fits.encode()).unwrap(), fits);
        assert!(fits.to_json().is_ok());
        let too_deep = nested(50);
        assert_eq!(Literal::decode(&too_deep.encode()).unwrap_err().kind(), ErrorKind::TooDeep);
        assert_eq!(too_deep.to_json().unwrap_err().kind(), ErrorKind::TooDeep);
    }

    #[test]
    fn an_unknown_enum_number_is_named() {
        // A blob of dimensionality 7.
        let error = Literal::decode(&[0x0a, 0x08, 0x12, 0x06, 0x0a, 0x04, 0x0a, 0x02, 0x10, 0x07]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert_eq!(error.to_string(), "`BlobDimensionality` has no value 7");
    }

    #[test]
    fn what_is_empty_says_where() {
        let error = Literal::decode_map(&[0x0a, 0x07, 0x0a, 0x01, b'a', 0x12, 0x02, 0x0a, 0x00]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert_eq!(error.to_string(), "`a`: a scalar without a value");
    }

    #[test]
    fn damage_is_an_error() {
        assert_eq!(Literal::decode(&[0x0a, 0x20, 0x0a]).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(json::to_json(Message::Literal, &[0x0a, 0x20, 0x0a]).unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(json::to_json(Message::Literal, &[0x22, 0x01, 0xff]).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
