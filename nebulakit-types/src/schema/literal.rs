//! Tables as literals: Flyte's structured dataset, and the older `FlyteSchema`; each is read in the form of the other too.

use crate::convert::kind::Kind;
use std::io;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::row::{Columns, dataset_columns};
use super::write::store;
use super::{Schema, SchemaWriter, TableData, formats};
use crate::convert::NebulaType;
use crate::convert::msgpack::{Packed, Packer, Unpacker, unpack_literal};
use crate::convert::reader::{Fields, LiteralRef, LiteralView, Wire, utf8};
use crate::convert::writer::Encoder;
use crate::data::hexadecimal;
use crate::dialect::StructStructure;
use crate::literal::{Literal, LiteralValue};
use crate::literal_type::{SchemaColumn, SchemaColumnType, SchemaType, SimpleType, StructuredDatasetType, TypeKind};
use crate::outbox::{Outbox, Transfer};
use crate::storage::shown;
use crate::workspace::Workspace;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// What literals say of a table.
struct TableRef {
    uri: String,
    format: String,
}

impl TableRef {
    fn into_schema<R>(self, workspace: Option<&Workspace>) -> Result<Schema<R>> {
        if self.uri.is_empty() {
            return Err(Error::new(ErrorKind::Missing, "the table has no URI"));
        }
        Ok(Schema::stored(self.uri, &self.format, workspace.cloned().or_else(Workspace::current)))
    }
}

fn read<R>(literal: LiteralRef<'_>) -> Result<Schema<R>> {
    let workspace = literal.references().workspace();
    let place = match literal.view()? {
        LiteralView::StructuredDataset(bytes) => dataset(bytes)?,
        LiteralView::Schema(bytes) => TableRef { uri: texts(bytes, 1)?.to_owned(), format: String::new() },
        LiteralView::String(uri) => TableRef { uri: uri.to_owned(), format: String::new() },
        _ => unpack_literal(literal, "a table", unpack)?,
    };
    place.into_schema(workspace)
}

/// `StructuredDataset`: the URI, and the format in the type in the metadata.
fn dataset(bytes: &[u8]) -> Result<TableRef> {
    let metadata = inner(bytes, 2)?;
    let dataset_type = inner(metadata, 1)?;
    Ok(TableRef { uri: texts(bytes, 1)?.to_owned(), format: texts(dataset_type, 2)?.to_owned() })
}

fn inner(message: &[u8], number: u32) -> Result<&[u8]> {
    let mut found: &[u8] = &[];
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (at, Wire::Bytes(bytes)) if at == number => found = bytes,
            _ => {}
        }
    }
    Ok(found)
}

fn texts(message: &[u8], number: u32) -> Result<&str> {
    utf8(inner(message, number)?)
}

/// A table inside of a struct: a map with its URI and format, by the names of every sender, or its URI alone.
fn unpack(unpacker: &mut Unpacker<'_>) -> Result<TableRef> {
    let mut place = TableRef { uri: String::new(), format: String::new() };
    if let Packed::String(uri) = unpacker.clone().next()? {
        unpacker.skip()?;
        place.uri = uri.to_owned();
        return Ok(place);
    }
    let entries = unpacker.expect_map()?;
    unpacker.nested(|inner| {
        for _ in 0..entries {
            let slot = match inner.expect_key()? {
                "uri" | "remote_path" => &mut place.uri,
                "file_format" | "format" => &mut place.format,
                _ => {
                    inner.skip()?;
                    continue;
                }
            };
            match inner.next()? {
                Packed::String(text) => text.clone_into(slot),
                Packed::Nil => {}
                other => return Err(other.mismatch("a text in the description of a table")),
            }
        }
        Ok(())
    })?;
    Ok(place)
}

/// The URI of a table, and its format; what is in memory is put into the outbox first.
fn send<R: Columns>(schema: &Schema<R>, outbox: &mut Outbox) -> Result<TableRef> {
    let format = schema.written_format().to_owned();
    let batches = match &schema.data {
        TableData::Stored(uri) => {
            let known = if schema.format.is_empty() { formats::of_name(uri) } else { "" };
            let format = if known.is_empty() { format } else { known.to_owned() };
            return Ok(TableRef { uri: uri.to_string(), format });
        }
        TableData::Held(batches) => batches.clone(),
    };
    if outbox.tells_contents() {
        return Ok(TableRef { uri: contents(&batches)?, format });
    }
    let Some((uri, workspace)) = outbox.fresh_url("").zip(outbox.workspace().cloned()) else {
        return Err(Error::new(ErrorKind::Unencodable, "a table in memory has to be stored to be passed on, and there is no place for it"));
    };
    let writer: SchemaWriter<R> = Schema::create_at(&workspace, uri.as_str(), &format)?;
    outbox.push(Transfer::custom(format!("the table `{}`", shown(&uri)), move |_| store(writer, batches)));
    Ok(TableRef { uri, format })
}

/// What tells batches from others: the digest of all that they hold.
fn contents(batches: &[RecordBatch]) -> Result<String> {
    let mut hasher = Hasher(Sha256::new());
    let mut write = || {
        for batch in batches {
            let mut writer = StreamWriter::try_new(&mut hasher, batch.schema_ref())?;
            writer.write(batch)?;
            writer.finish()?;
        }
        Ok(())
    };
    write().map_err(|error: ArrowError| Error::new(ErrorKind::Unencodable, "a table in memory cannot be compared").with_source(error))?;
    Ok(format!("a table with SHA-256 {}", hexadecimal(&hasher.0.finalize())))
}

struct Hasher(Sha256);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn dataset_type<R: Columns>() -> StructuredDatasetType {
    let columns = R::declared().map(|columns| dataset_columns(&columns)).unwrap_or_default();
    StructuredDatasetType { columns, format: R::format().to_owned(), ..StructuredDatasetType::default() }
}

fn text_or_null(default: &Value) -> Value {
    json!({ "anyOf": [{ "type": "string" }, { "type": "null" }], "default": default })
}

/// The JSON schema of a class with these optional texts, as mashumaro writes it.
fn class(title: &str, fields: &[(&str, Value)]) -> Value {
    let properties: Map<_, _> = fields.iter().map(|(name, default)| ((*name).to_owned(), text_or_null(default))).collect();
    json!({ "type": "object", "title": title, "properties": properties, "additionalProperties": false })
}

/// The name that a table's format has inside of structs.
fn format_key(dialect: &Dialect) -> &'static str {
    match dialect.struct_structure {
        StructStructure::Fields => "file_format",
        StructStructure::Tag => "format",
    }
}

impl<R: Columns> NebulaType for Schema<R> {
    const TAG: &'static str = "StructuredDataset Transformer";
    const KIND: Kind = Kind::Table;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::new(TypeKind::StructuredDataset(dataset_type::<R>()))
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        let TableRef { uri, format } = send(self, encoder.outbox())?;
        let dataset_type = StructuredDatasetType { format, ..dataset_type::<R>() };
        encoder.raw(&Literal::new(LiteralValue::StructuredDataset { uri, dataset_type }).encode());
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        read(literal)
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        let TableRef { uri, format } = send(self, packer.outbox())?;
        let key = format_key(packer.dialect());
        packer.map(2)?;
        for text in ["uri", uri.as_str(), key, format.as_str()] {
            packer.string(text)?;
        }
        Ok(())
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        let place = unpack(unpacker)?;
        place.into_schema(unpacker.references().workspace())
    }

    fn schema(dialect: &Dialect) -> Value {
        class("StructuredDataset", &[("uri", Value::Null), (format_key(dialect), "".into())])
    }
}

/// A [`Schema`] that travels as flytekit's older `FlyteSchema`, for tasks that still declare it. It is always Parquet.
#[derive(Debug, Clone)]
pub struct LegacySchema<R = super::AnyRow>(pub Schema<R>);

impl<R> From<Schema<R>> for LegacySchema<R> {
    fn from(schema: Schema<R>) -> Self {
        Self(schema)
    }
}

impl<R> std::ops::Deref for LegacySchema<R> {
    type Target = Schema<R>;

    fn deref(&self) -> &Schema<R> {
        &self.0
    }
}

impl<R: Columns> LegacySchema<R> {
    /// The columns, as far as the older type has a name for what they hold.
    fn schema_type() -> SchemaType {
        let columns = R::declared().map(|columns| dataset_columns(&columns)).unwrap_or_default();
        let known = columns.into_iter().filter_map(|column| {
            let kind = match column.literal_type.kind {
                TypeKind::Simple(SimpleType::Integer) => SchemaColumnType::Integer,
                TypeKind::Simple(SimpleType::Float) => SchemaColumnType::Float,
                TypeKind::Simple(SimpleType::String) => SchemaColumnType::String,
                TypeKind::Simple(SimpleType::Boolean) => SchemaColumnType::Boolean,
                TypeKind::Simple(SimpleType::Datetime) => SchemaColumnType::Datetime,
                TypeKind::Simple(SimpleType::Duration) => SchemaColumnType::Duration,
                _ => return None,
            };
            Some(SchemaColumn { name: column.name, kind })
        });
        SchemaType { columns: known.collect() }
    }

    fn place(&self, outbox: &mut Outbox) -> Result<String> {
        let place = send(&self.0, outbox)?;
        if !place.format.eq_ignore_ascii_case(formats::DEFAULT) {
            let message = format!("the table is stored as `{}`, and a legacy schema says no format: it is always Parquet", place.format);
            return Err(Error::new(ErrorKind::Unencodable, message));
        }
        Ok(place.uri)
    }
}

impl<R: Columns> NebulaType for LegacySchema<R> {
    const TAG: &'static str = "FlyteSchema Transformer";
    const KIND: Kind = Kind::LegacyTable;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::new(TypeKind::Schema(Self::schema_type()))
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        let uri = self.place(encoder.outbox())?;
        encoder.raw(&Literal::new(LiteralValue::Schema { uri, schema_type: Self::schema_type() }).encode());
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        read(literal).map(Self)
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        let uri = self.place(packer.outbox())?;
        packer.map(1)?;
        packer.string("remote_path")?;
        packer.string(&uri)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        Schema::unpack(unpacker).map(Self)
    }

    fn schema(_: &Dialect) -> Value {
        class("FlyteSchema", &[("remote_path", Value::Null)])
    }
}
