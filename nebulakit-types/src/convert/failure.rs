//! What went wrong, as a value: what the platform hands to the task that is run when a workflow has failed.

use super::NebulaType;
use super::msgpack::{Packer, Unpacker};
use super::reader::{LiteralRef, LiteralView, pair, utf8};
use super::structs::{self, Field};
use super::writer::Encoder;
use crate::convert::kind::Kind;
use crate::literal_type::SimpleType;
use crate::{Dialect, LiteralType, Result};

/// An error as a value, as Python's `FlyteError`.
///
/// The platform makes one for the failure node of a workflow, whose task takes it as `err: Option<FlyteError>`: an input of another name stays
/// empty (contract of registration, failure nodes).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FlyteError {
    /// What went wrong.
    pub message: String,
    /// The node that failed; where the platform fills it in, the failure node itself.
    pub failed_node_id: String,
}

const FIELDS: (Field<String>, Field<String>) = (Field::<String>::new("message"), Field::<String>::new("failed_node_id"));
const TITLE: &str = "FlyteError";

impl NebulaType for FlyteError {
    const TAG: &'static str = "FlyteError";
    const KIND: Kind = Kind::Error;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::simple(SimpleType::Error)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.error(&self.failed_node_id, &self.message);
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::Error(bytes) => {
                let (failed_node_id, message) = pair(bytes)?;
                Ok(Self { message: utf8(message)?.to_owned(), failed_node_id: utf8(failed_node_id)?.to_owned() })
            }
            // A field of a struct that the platform has taken out.
            LiteralView::Binary(..) | LiteralView::Generic(_) => structs::decode(TITLE, literal),
            other => Err(other.mismatch("an error")),
        }
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        packer.map(2)?;
        FIELDS.0.pack(&self.message, packer)?;
        FIELDS.1.pack(&self.failed_node_id, packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        let (mut message, mut failed_node_id) = (None, None);
        structs::entries(unpacker, |key, unpacker| {
            match key {
                "message" => FIELDS.0.unpack(&mut message, key, unpacker)?,
                "failed_node_id" => FIELDS.1.unpack(&mut failed_node_id, key, unpacker)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { message: FIELDS.0.finish(message)?, failed_node_id: FIELDS.1.finish(failed_node_id)? })
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        structs::schema(TITLE, &[&FIELDS.0, &FIELDS.1], dialect)
    }
}
