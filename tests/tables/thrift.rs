//! Parquet files taken apart: the structures of the footer as a tree that a test changes, in Thrift's compact protocol.

/// A value of the compact protocol, as far as Parquet uses it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Thrift {
    Bool(bool),
    Byte(u8),
    /// Of 16, 32 or 64 bits: the type on the wire, and the value.
    Int(u8, i64),
    Double([u8; 8]),
    Binary(Vec<u8>),
    /// The type of the elements, and they.
    List(u8, Vec<Thrift>),
    Struct(Vec<(i16, Thrift)>),
}

/// The types on the wire.
pub(crate) const I32: u8 = 5;
pub(crate) const I64: u8 = 6;
pub(crate) const BINARY: u8 = 8;
pub(crate) const STRUCT: u8 = 12;

impl Thrift {
    /// The structure that begins at the front of `bytes`.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Input(bytes).value(STRUCT, false)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    /// The field with this number.
    pub(crate) fn get(&self, id: i16) -> Option<&Self> {
        let Self::Struct(fields) = self else { panic!("not a structure: {self:?}") };
        fields.iter().find_map(|(at, value)| (*at == id).then_some(value))
    }

    pub(crate) fn get_mut(&mut self, id: i16) -> Option<&mut Self> {
        let Self::Struct(fields) = self else { panic!("not a structure") };
        fields.iter_mut().find_map(|(at, value)| (*at == id).then_some(value))
    }

    /// Sets the field, or takes it away.
    pub(crate) fn set(&mut self, id: i16, value: Option<Self>) {
        let Self::Struct(fields) = self else { panic!("not a structure") };
        fields.retain(|(at, _)| *at != id);
        fields.extend(value.map(|value| (id, value)));
        fields.sort_by_key(|(at, _)| *at);
    }

    pub(crate) fn list_mut(&mut self) -> &mut Vec<Self> {
        let Self::List(_, items) = self else { panic!("not a list: {self:?}") };
        items
    }

    pub(crate) fn list(&self) -> &[Self] {
        let Self::List(_, items) = self else { panic!("not a list: {self:?}") };
        items
    }

    pub(crate) fn int(&self) -> i64 {
        let Self::Int(_, value) = self else { panic!("not a number: {self:?}") };
        *value
    }

    pub(crate) fn binary(&self) -> &[u8] {
        let Self::Binary(value) = self else { panic!("not bytes: {self:?}") };
        value
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Bool(true) => 1,
            Self::Bool(false) => 2,
            Self::Byte(_) => 3,
            Self::Int(kind, _) => *kind,
            Self::Double(_) => 7,
            Self::Binary(_) => BINARY,
            Self::List(..) => 9,
            Self::Struct(_) => STRUCT,
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bool(value) => bytes.push(if *value { 1 } else { 2 }),
            Self::Byte(value) => bytes.push(*value),
            Self::Int(_, value) => varint(bytes, zigzag(*value)),
            Self::Double(value) => bytes.extend(value),
            Self::Binary(value) => {
                varint(bytes, value.len() as u64);
                bytes.extend(value);
            }
            Self::List(kind, items) => {
                if items.len() < 15 {
                    bytes.push((u8::try_from(items.len()).unwrap() << 4) | kind);
                } else {
                    bytes.push(0xf0 | kind);
                    varint(bytes, items.len() as u64);
                }
                items.iter().for_each(|item| item.write(bytes));
            }
            Self::Struct(fields) => {
                let mut last = 0;
                for (id, value) in fields {
                    let delta = id - last;
                    last = *id;
                    match u8::try_from(delta) {
                        Ok(delta @ 1..=15) => bytes.push((delta << 4) | value.kind()),
                        _ => {
                            bytes.push(value.kind());
                            varint(bytes, zigzag(i64::from(*id)));
                        }
                    }
                    if !matches!(value, Self::Bool(_)) {
                        value.write(bytes);
                    }
                }
                bytes.push(0);
            }
        }
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(((value & 0x7f) | 0x80) as u8);
        value >>= 7;
    }
    bytes.push(value as u8);
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap();
        self.0 = rest;
        *first
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken.to_vec()
    }

    fn varint(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    fn number(&mut self) -> i64 {
        let value = self.varint();
        (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
    }

    /// Booleans in lists have a byte of their own.
    fn value(&mut self, kind: u8, in_list: bool) -> Thrift {
        match kind {
            1 | 2 if in_list => Thrift::Bool(self.byte() == 1),
            1 | 2 => Thrift::Bool(kind == 1),
            3 => Thrift::Byte(self.byte()),
            4..=6 => Thrift::Int(kind, self.number()),
            7 => Thrift::Double(self.take(8).try_into().unwrap()),
            BINARY => {
                let length = usize::try_from(self.varint()).unwrap();
                Thrift::Binary(self.take(length))
            }
            9 => {
                let head = self.byte();
                let size = if head >> 4 == 15 { usize::try_from(self.varint()).unwrap() } else { usize::from(head >> 4) };
                Thrift::List(head & 15, (0..size).map(|_| self.value(head & 15, true)).collect())
            }
            STRUCT => {
                let (mut fields, mut id) = (Vec::new(), 0);
                loop {
                    let head = self.byte();
                    if head == 0 {
                        return Thrift::Struct(fields);
                    }
                    id = if head >> 4 == 0 { i16::try_from(self.number()).unwrap() } else { id + i16::from(head >> 4) };
                    fields.push((id, self.value(head & 15, false)));
                }
            }
            other => panic!("type {other} is not one that Parquet uses"),
        }
    }
}

/// A Parquet file: what comes before its footer, and the footer.
#[derive(Debug, Clone)]
pub(crate) struct Parquet {
    pub(crate) body: Vec<u8>,
    pub(crate) footer: Thrift,
}

impl Parquet {
    pub(crate) fn parse(file: &[u8]) -> Self {
        let (rest, tail) = file.split_at(file.len() - 8);
        let length = u32::from_le_bytes(tail[..4].try_into().unwrap()) as usize;
        let (body, footer) = rest.split_at(rest.len() - length);
        Self { body: body.to_vec(), footer: Thrift::parse(footer) }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let footer = self.footer.bytes();
        let mut file = self.body.clone();
        file.extend(&footer);
        file.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
        file.extend(b"PAR1");
        file
    }

    pub(crate) fn groups(&mut self) -> &mut Vec<Thrift> {
        self.footer.get_mut(4).unwrap().list_mut()
    }

    /// A column chunk.
    pub(crate) fn chunk(&mut self, group: usize, column: usize) -> &mut Thrift {
        &mut self.groups()[group].get_mut(1).unwrap().list_mut()[column]
    }

    /// What is said of a column chunk.
    pub(crate) fn column(&mut self, group: usize, column: usize) -> &mut Thrift {
        self.chunk(group, column).get_mut(3).unwrap()
    }

    /// Changes the statistics of the pages of a column chunk.
    pub(crate) fn change_column_index(&mut self, group: usize, column: usize, change: impl FnOnce(&mut Thrift)) {
        self.change_index(group, column, 6, change);
    }

    /// Changes where the pages of a column chunk are said to be.
    pub(crate) fn change_offset_index(&mut self, group: usize, column: usize, change: impl FnOnce(&mut Thrift)) {
        self.change_index(group, column, 4, change);
    }

    fn change_index(&mut self, group: usize, column: usize, field: i16, change: impl FnOnce(&mut Thrift)) {
        let at = self.chunk(group, column).get(field).map(Thrift::int).expect("the column chunk has an index of its pages");
        let mut index = Thrift::parse(&self.body[usize::try_from(at).unwrap()..]);
        change(&mut index);
        let (at, bytes) = (self.body.len(), index.bytes());
        self.body.extend(&bytes);
        let chunk = self.chunk(group, column);
        chunk.set(field, Some(Thrift::Int(I64, i64::try_from(at).unwrap())));
        chunk.set(field + 1, Some(Thrift::Int(I32, i64::try_from(bytes.len()).unwrap())));
    }
}
