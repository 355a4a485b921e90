//! A YAML file as a tree in which every node knows where it is.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Options, Spanned};

use crate::yaml::Mistake;

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In bytes.
    #[serde(skip)]
    pub offset: usize,
    /// In bytes.
    #[serde(skip)]
    pub len: usize,
}

impl From<Location> for Place {
    fn from(at: Location) -> Self {
        let number = |n: u64| usize::try_from(n).unwrap_or_default();
        let span = at.span();
        Self {
            line: number(at.line()),
            column: number(at.column()),
            offset: number(span.byte_offset().unwrap_or_default()),
            len: number(span.byte_len().unwrap_or_default()),
        }
    }
}

/// A step on the way to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// An entry of a map.
    Name(String),
    /// An item of a list, from 0.
    Item(usize),
}

/// The way from the root to a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Key>);

impl Path {
    /// The way that starts with these names.
    #[must_use]
    pub fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| Key::Name((*name).to_owned())).collect())
    }

    /// This way, and one name on.
    #[must_use]
    pub fn key(mut self, name: &str) -> Self {
        self.0.push(Key::Name(name.to_owned()));
        self
    }

    /// This way, and one item on.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.0.push(Key::Item(index));
        self
    }

    /// Puts a step in front.
    pub(super) fn prepend(&mut self, key: Key) {
        self.0.insert(0, key);
    }

    /// Does this way lead through `other`, and further?
    pub(super) fn is_under(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    /// Is this the way to the root itself?
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, key) in self.0.iter().enumerate() {
            match key {
                Key::Name(name) if i == 0 => f.write_str(name)?,
                Key::Name(name) => write!(f, ".{name}")?,
                Key::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A whole file.
#[derive(Debug, Clone)]
pub struct Tree {
    file: String,
    pub(super) root: Node,
}

/// A value, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What YAML can hold.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Whole(i64),
    Real(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

impl Tree {
    /// Parses a text.
    pub(super) fn parse(text: &str, file: &str) -> Result<Self, Box<Mistake>> {
        let root = serde_saphyr::from_str_with_options::<Node>(text, Options::default());
        root.map(|root| Self { file: file.to_owned(), root }).map_err(|error| {
            let error = error.without_snippet();
            let place = error.location().map(Place::from).unwrap_or_default();
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default();
            Box::new(Mistake {
                file: file.to_owned(),
                place: located(place, text),
                key: String::new(),
                message: format!("not YAML: {}", message.split(" at line ").next().unwrap_or(message)),
                hint: Some("look at the indentation, at quotes, and at texts that hold `: ` or ` #` without quotes".to_owned()),
            })
        })
    }

    /// Where the node at `path` is; where what holds it is, if there is no such node.
    #[must_use]
    pub fn place(&self, path: &Path) -> Place {
        let mut place = self.root.place;
        let mut node = &self.root;
        for key in &path.0 {
            let Some((at, next)) = node.step(key) else { break };
            (place, node) = (at, next);
        }
        if place.len == 0 { Place { len: 1, ..place } } else { place }
    }

    /// A mistake at `path`.
    #[must_use]
    pub fn mistake(&self, path: &Path, message: impl Into<String>, hint: Option<String>) -> Mistake {
        Mistake { file: self.file.clone(), place: self.place(path), key: path.to_string(), message: message.into(), hint }
    }

    /// A mistake at the name of the entry at `path`, not at its value.
    #[must_use]
    pub fn mistake_at_key(&self, path: &Path, message: impl Into<String>, hint: Option<String>) -> Mistake {
        let mut mistake = self.mistake(path, message, hint);
        if let Some(entry) = self.entry(path) {
            mistake.place = entry.place;
        }
        mistake
    }

    /// Removes the node at `path`. False if there is none.
    pub(super) fn remove(&mut self, path: &Path) -> bool {
        let Some((last, way)) = path.0.split_last() else { return false };
        let Some(node) = self.at_mut(way) else { return false };
        match (&mut node.value, last) {
            (Value::Map(entries), Key::Name(name)) => {
                let before = entries.len();
                entries.retain(|entry| entry.key != *name);
                entries.len() < before
            }
            // An item becomes nothing rather than going away, so that the numbers of the others stay what they are in the file.
            (Value::List(items), Key::Item(index)) if items.get(*index).is_some_and(|item| !matches!(item.value, Value::Null)) => {
                items[*index].value = Value::Null;
                true
            }
            _ => false,
        }
    }

    /// Gives the entry at `path` another name, unless there is one of that name.
    pub(super) fn rename(&mut self, path: &Path, name: &str) -> bool {
        let Some((Key::Name(old), way)) = path.0.split_last() else { return false };
        let Some(Value::Map(entries)) = self.at_mut(way).map(|node| &mut node.value) else { return false };
        if entries.iter().any(|entry| entry.key == name) {
            return false;
        }
        let entry = entries.iter_mut().find(|entry| entry.key == *old);
        entry.map(|entry| name.clone_into(&mut entry.key)).is_some()
    }

    /// Puts a 1 where a number was meant.
    pub(super) fn replace_by_number(&mut self, path: &Path) -> bool {
        self.at_mut(&path.0).map(|node| node.value = Value::Whole(1)).is_some()
    }

    fn at_mut(&mut self, way: &[Key]) -> Option<&mut Node> {
        way.iter().try_fold(&mut self.root, |node, key| node.step_mut(key))
    }

    fn entry(&self, path: &Path) -> Option<&Entry> {
        let (last, way) = path.0.split_last()?;
        let mut node = &self.root;
        for key in way {
            node = node.step(key)?.1;
        }
        match (&node.value, last) {
            (Value::Map(entries), Key::Name(name)) => entries.iter().find(|entry| entry.key == *name),
            _ => None,
        }
    }
}

/// A place of which only line and column are known, with its bytes.
fn located(place: Place, text: &str) -> Place {
    let (line, column) = (place.line.max(1), place.column.max(1));
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let in_line: usize = text[before..].chars().take(column - 1).map(char::len_utf8).sum();
    Place { line, column, offset: (before + in_line).min(text.len().saturating_sub(1)), len: 1 }
}

impl Node {
    fn step(&self, key: &Key) -> Option<(Place, &Self)> {
        match (&self.value, key) {
            (Value::Map(entries), Key::Name(name)) => {
                let entry = entries.iter().find(|entry| entry.key == *name)?;
                // A block value starts on the next line: its key says better where it is.
                let place =
                    if matches!(entry.value.value, Value::Map(_) | Value::List(_) | Value::Null) { entry.place } else { entry.value.place };
                Some((place, &entry.value))
            }
            (Value::List(items), Key::Item(index)) => items.get(*index).map(|item| (item.place, item)),
            _ => None,
        }
    }

    fn step_mut(&mut self, key: &Key) -> Option<&mut Self> {
        match (&mut self.value, key) {
            (Value::Map(entries), Key::Name(name)) => entries.iter_mut().find(|entry| entry.key == *name).map(|entry| &mut entry.value),
            (Value::List(items), Key::Item(index)) => items.get_mut(*index),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { place: spanned.referenced.into(), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Whole(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Whole))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            entries.push(Entry { place: key.referenced.into(), key: key.value, value: map.next_value()? });
        }
        Ok(Value::Map(entries))
    }
}
