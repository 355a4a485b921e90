//! Reads types from a [`Tree`] by serde, with the way to what failed.

use std::fmt;

use serde::{
    de::{
        self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};

use crate::yaml::{
    Mistake,
    mistake::{did_you_mean, nearest},
    tree::{Entry, Key, Node, Path, Tree, Value},
};

/// What serde could not read.
#[derive(Debug)]
pub(super) struct Fault {
    path: Path,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    UnknownKey { key: String, known: &'static [&'static str] },
    UnknownWord { word: String, known: &'static [&'static str] },
    Missing { key: String },
    Form { is: String, expected: String },
    Other { message: String },
}

/// How reading goes on after a fault.
pub(super) enum Repair {
    /// The key was meant to be this one.
    Rename(&'static str),
    /// Some number was meant.
    Number,
}

/// Does serde say so of a number?
fn is_number(expected: &str) -> bool {
    matches!(expected, "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "f32" | "f64")
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self { path: Path::default(), kind }
    }

    fn under(mut self, key: Key) -> Self {
        self.path.prepend(key);
        self
    }

    /// The way to the node that failed: for a missing key, to the map that lacks it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The key that is missing.
    pub(super) fn missing(&self) -> Option<&str> {
        if let Kind::Missing { key } = &self.kind { Some(key) } else { None }
    }

    /// Is a value of the wrong kind?
    pub(super) fn is_form(&self) -> bool {
        matches!(self.kind, Kind::Form { .. } | Kind::Other { .. })
    }

    /// What was meant, if that is plain.
    pub(super) fn repair(&self) -> Option<Repair> {
        match &self.kind {
            Kind::UnknownKey { key, known } => nearest(key, known.iter().copied()).map(Repair::Rename),
            Kind::Form { expected, .. } if is_number(expected) => Some(Repair::Number),
            Kind::UnknownWord { .. } | Kind::Missing { .. } | Kind::Form { .. } | Kind::Other { .. } => None,
        }
    }

    /// What to cut out to go on.
    pub(super) fn cut(&self) -> Path {
        match &self.kind {
            Kind::UnknownKey { key, .. } => self.path.clone().key(key),
            Kind::UnknownWord { .. } | Kind::Missing { .. } | Kind::Form { .. } | Kind::Other { .. } => self.path.clone(),
        }
    }

    /// What a person is told.
    pub(super) fn mistake(&self, tree: &Tree) -> Mistake {
        match &self.kind {
            Kind::UnknownKey { key, known } => {
                // `{ say: Yes, of course }` is two entries.
                let text = key.contains(' ').then(|| "between { and } a text with a comma is written in quotes".to_owned());
                let hint = text.or_else(|| did_you_mean(key, known.iter().copied()));
                tree.mistake_at_key(&self.path.clone().key(key), format!("unknown key `{key}`"), hint)
            }
            Kind::UnknownWord { word, known } => {
                tree.mistake(&self.path, format!("unknown word `{word}`"), did_you_mean(word, known.iter().copied()))
            }
            Kind::Missing { key } => tree.mistake(&self.path, format!("`{key}` is missing"), Some(format!("add `{key}:`"))),
            Kind::Form { is, expected } => {
                let expected = match expected.as_str() {
                    "f32" | "f64" => "a number",
                    number if is_number(number) => "a whole number",
                    other => other,
                };
                let quotes = expected.contains("string") && !is.contains("list") && !is.contains("map");
                let hint = quotes.then(|| "write it in quotes".to_owned());
                tree.mistake(&self.path, format!("this is {is}, it must be {expected}"), hint)
            }
            Kind::Other { message } => tree.mistake(&self.path, message.clone(), None),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.path, self.kind)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Other { message: message.to_string() })
    }

    fn invalid_type(is: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let is = match is {
            Unexpected::Unit | Unexpected::Option => "empty".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "a map".to_owned(),
            Unexpected::Str(text) => format!("the text “{text}”"),
            other => other.to_string(),
        };
        Self::new(Kind::Form { is, expected: expected.to_string() })
    }

    fn invalid_value(is: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(is, expected)
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownWord { word: word.to_owned(), known })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey { key: key.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Kind::Missing { key: key.to_owned() })
    }
}

/// Reads one node.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t> {
    node: &'t Node,
}

/// Without quotes, YAML takes the words `on` and `off` for yes and no.
const fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

impl<'t> Reader<'t> {
    pub(super) fn new(node: &'t Node) -> Self {
        Self { node }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Whole(value) => visitor.visit_i64(*value),
            Value::Real(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { items, at: 0 }),
            Value::Map(entries) => visitor.visit_map(Entries { entries, at: 0 }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if matches!(self.node.value, Value::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, known: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Text(word) => visitor.visit_enum(word.as_str().into_deserializer()),
            Value::Map(entries) if entries.len() == 1 => visitor.visit_enum(Variant { entry: &entries[0] }),
            Value::Bool(on) if known.contains(&switch(*on)) => visitor.visit_enum(switch(*on).into_deserializer()),
            _ => Err(Fault::new(Kind::Other { message: format!("must be one of: {}", known.join(", ")) })),
        }
    }

    // An empty `key:` reads as the empty map or list where one is expected.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if matches!(self.node.value, Value::Null) {
            visitor.visit_map(Entries { entries: &[], at: 0 })
        } else {
            self.deserialize_any(visitor)
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct identifier ignored_any
    }
}

struct Items<'t> {
    items: &'t [Node],
    at: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        // Items that are nothing were cut out, or are a lone dash: the list is read without them.
        while self.items.get(self.at).is_some_and(|item| matches!(item.value, Value::Null)) {
            self.at += 1;
        }
        let Some(item) = self.items.get(self.at) else { return Ok(None) };
        let index = self.at;
        self.at += 1;
        seed.deserialize(Reader::new(item)).map(Some).map_err(|fault| fault.under(Key::Item(index)))
    }
}

struct Entries<'t> {
    entries: &'t [Entry],
    at: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(entry) = self.entries.get(self.at) else { return Ok(None) };
        let read = seed.deserialize(entry.key.as_str().into_deserializer()).map(Some);
        read.map_err(|fault: Fault| match fault.kind {
            // A key that is a word of a fixed list.
            Kind::UnknownWord { word, known } => Fault { path: fault.path, kind: Kind::UnknownKey { key: word, known } },
            kind @ (Kind::UnknownKey { .. } | Kind::Missing { .. } | Kind::Form { .. } | Kind::Other { .. }) => {
                Fault { path: fault.path, kind }
            }
        })
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let entry = &self.entries[self.at];
        self.at += 1;
        seed.deserialize(Reader::new(&entry.value)).map_err(|fault| fault.under(Key::Name(entry.key.clone())))
    }
}

struct Variant<'t> {
    entry: &'t Entry,
}

impl<'de, 't> EnumAccess<'de> for Variant<'t> {
    type Error = Fault;
    type Variant = Content<'t>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content<'t>), Fault> {
        let name = seed.deserialize(self.entry.key.as_str().into_deserializer())?;
        Ok((name, Content { entry: self.entry }))
    }
}

struct Content<'t> {
    entry: &'t Entry,
}

impl Content<'_> {
    fn under(&self, fault: Fault) -> Fault {
        fault.under(Key::Name(self.entry.key.clone()))
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(Reader::new(&self.entry.value)).map_err(|fault| self.under(fault))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        Reader::new(&self.entry.value).deserialize_any(visitor).map_err(|fault| self.under(fault))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        Reader::new(&self.entry.value).deserialize_map(visitor).map_err(|fault| self.under(fault))
    }
}
