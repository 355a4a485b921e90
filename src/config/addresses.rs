//! Addresses of both families.

use std::{
    fmt,
    marker::PhantomData,
    net::{IpAddr, SocketAddr},
};

use serde::{
    Deserialize, Serialize,
    de::{self, IntoDeserializer as _},
};

/// An address of IPv4 or IPv6, or a list with one of each, the preferred one first. None: none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Addresses<T>(Vec<T>);

/// What has a family.
pub trait Family: Copy {
    /// Is it one of IPv6?
    fn is_v6(self) -> bool;
}

impl Family for IpAddr {
    fn is_v6(self) -> bool {
        self.is_ipv6()
    }
}

impl Family for SocketAddr {
    fn is_v6(self) -> bool {
        self.is_ipv6()
    }
}

/// The name of a family.
pub(super) const fn family(v6: bool) -> &'static str {
    if v6 { "IPv6" } else { "IPv4" }
}

impl<T: Family> Addresses<T> {
    /// No address.
    pub const NONE: Self = Self(Vec::new());

    /// All of them, at most two.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        self.0.iter().copied()
    }

    /// The one of a family.
    #[must_use]
    pub fn of(&self, v6: bool) -> Option<T> {
        self.iter().find(|address| address.is_v6() == v6)
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Family> Default for Addresses<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T: Family> From<T> for Addresses<T> {
    fn from(address: T) -> Self {
        Self(vec![address])
    }
}

impl<'de, T: Family + Deserialize<'de>> Deserialize<'de> for Addresses<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Family + Deserialize<'de>> de::Visitor<'de> for Reader<T> {
    type Value = Addresses<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address, or a list of one of IPv4 and one of IPv6")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Addresses<T>, E> {
        Ok(Addresses::NONE)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Addresses<T>, E> {
        T::deserialize(text.into_deserializer()).map(Addresses::from)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Addresses<T>, A::Error> {
        let mut all = Addresses::<T>::NONE;
        while let Some(address) = items.next_element::<T>()? {
            let v6 = address.is_v6();
            if all.of(v6).is_some() {
                let (this, other) = (family(v6), family(!v6));
                return Err(de::Error::custom(format!("two addresses of {this}: a list has one of it, and one of {other}")));
            }
            all.0.push(address);
        }
        Ok(all)
    }
}
