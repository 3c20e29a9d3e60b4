//! How single values are read: leniently. What is missing, null or of another type is empty, so that one odd field costs
//! neither its object nor the page that it is on.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::quantity::{Quantity, quantity};
use crate::domain::Timestamp;

/// A value that is written as one word or number.
trait Scalar: Default {
    fn from_text(raw: &str) -> Self;
    fn from_int(n: i64) -> Self {
        Self::from_text(&n.to_string())
    }
    fn from_flag(yes: bool) -> Self {
        Self::from_text(if yes { "true" } else { "false" })
    }
    fn from_real(n: f64) -> Self {
        Self::from_text(&n.to_string())
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, raw: &str) -> Result<T, E> {
        Ok(T::from_text(raw))
    }

    fn visit_i64<E>(self, n: i64) -> Result<T, E> {
        Ok(T::from_int(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<T, E> {
        Ok(T::from_int(i64::try_from(n).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, n: f64) -> Result<T, E> {
        Ok(T::from_real(n))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<T, E> {
        Ok(T::from_flag(yes))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<T, A::Error> {
        while all.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<T, A::Error> {
        while all.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

macro_rules! scalars {
    ($($name:ident),+) => {
        $(impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Any(PhantomData))
            }
        })+
    };
}

scalars!(Str, Int, Flag, Time, Amount);

/// A string; a number is written out (`IntOrString`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Str(Box<str>);

impl Str {
    /// As it is, where it is not empty.
    pub fn some(&self) -> Option<&str> {
        Some(&*self.0).filter(|text| !text.is_empty())
    }

    /// The bare string.
    pub fn into_inner(self) -> Box<str> {
        self.0
    }
}

impl Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Str {
    fn from(raw: &str) -> Self {
        Self(raw.into())
    }
}

impl Scalar for Str {
    fn from_text(raw: &str) -> Self {
        Self(raw.into())
    }
}

/// A whole number; 0 where it is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Int(pub i64);

impl Int {
    /// As a count: what is below 0 is 0.
    pub fn count(self) -> u32 {
        u32::try_from(self.0.max(0)).unwrap_or(u32::MAX)
    }
}

impl Scalar for Int {
    fn from_text(raw: &str) -> Self {
        Self(raw.trim().parse().unwrap_or(0))
    }

    fn from_int(n: i64) -> Self {
        Self(n)
    }

    fn from_real(n: f64) -> Self {
        Self(n as i64)
    }
}

/// Yes or no; no where it is neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Scalar for Flag {
    fn from_text(raw: &str) -> Self {
        Self(raw.eq_ignore_ascii_case("true"))
    }

    fn from_flag(yes: bool) -> Self {
        Self(yes)
    }
}

/// A time; none where it is not said, or is Go's year 1 or the epoch, which both mean that nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Time(pub Option<Timestamp>);

impl Scalar for Time {
    fn from_text(raw: &str) -> Self {
        Self(raw.parse::<Timestamp>().ok().filter(|at| at.as_second() > 0))
    }
}

/// A quantity; none where it cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount(pub Option<Quantity>);

impl Scalar for Amount {
    fn from_text(raw: &str) -> Self {
        Self(quantity(raw))
    }
}

/// What is not looked into: whether it is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Present(pub bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(from).map(|it| Self(it.is_some()))
    }
}

/// Go writes `null` for what is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Of<T>(pub T);

impl<T> Deref for Of<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Of<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(from).map(|it| Self(it.unwrap_or_default()))
    }
}

/// A list; an empty one where Go writes `null`.
pub type List<T> = Of<Vec<T>>;

/// Names with values, as labels are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(pub Vec<(Box<str>, Box<str>)>);

impl Pairs {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut pairs = Vec::new();
        entries(from, |key, value: Str| pairs.push((key.into(), value.into_inner())))?;
        Ok(Self(pairs))
    }
}

/// Names with quantities, as a quota has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amounts(pub Vec<(Box<str>, Quantity)>);

impl Amounts {
    /// The quantity of a name.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, amount)| *amount)
    }

    /// Memory, bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.get("memory").map(Quantity::whole)
    }

    /// Processor time, thousandths of a core.
    pub fn cpu_millis(&self) -> Option<u64> {
        self.get("cpu").map(Quantity::millis)
    }
}

impl<'de> Deserialize<'de> for Amounts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut amounts = Vec::new();
        entries(from, |key, Amount(amount)| amounts.extend(amount.map(|it| (key.into(), it))))?;
        Ok(Self(amounts))
    }
}

/// A name in a map, not copied.
#[derive(Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Hands over each entry of a map; of `null` none.
fn entries<'de, D, V>(from: D, with: impl FnMut(&str, V)) -> Result<(), D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct Entries<F, V>(F, PhantomData<V>);
    impl<'de, V: Deserialize<'de>, F: FnMut(&str, V)> Visitor<'de> for Entries<F, V> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }
        fn visit_map<A: MapAccess<'de>>(mut self, mut all: A) -> Result<(), A::Error> {
            while let Some(Key(key)) = all.next_key()? {
                let value = all.next_value()?;
                (self.0)(&key, value);
            }
            Ok(())
        }
        fn visit_unit<E: de::Error>(self) -> Result<(), E> {
            Ok(())
        }
    }
    from.deserialize_any(Entries(with, PhantomData))
}

/// Hands over each element of a list; of `null` none.
pub(super) fn elements<'de, D, V>(from: D, with: impl FnMut(V)) -> Result<(), D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct Elements<F, V>(F, PhantomData<V>);
    impl<'de, V: Deserialize<'de>, F: FnMut(V)> Visitor<'de> for Elements<F, V> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: SeqAccess<'de>>(mut self, mut all: A) -> Result<(), A::Error> {
            while let Some(it) = all.next_element()? {
                (self.0)(it);
            }
            Ok(())
        }
        fn visit_unit<E: de::Error>(self) -> Result<(), E> {
            Ok(())
        }
    }
    from.deserialize_any(Elements(with, PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Odd {
        word: Str,
        number: Int,
        flag: Flag,
        at: Time,
        there: Present,
        list: List<Int>,
        labels: Pairs,
        amounts: Amounts,
    }

    fn read(json: &str) -> Odd {
        serde_json::from_str(json).expect("readable")
    }

    #[test]
    fn what_is_null_missing_or_of_another_type_is_empty() {
        let nothing = read("{}");
        let null = read(
            r#"{"word":null,"number":null,"flag":null,"at":null,"there":null,"list":null,"labels":null,"amounts":null}"#,
        );
        let other = read(r#"{"word":{"a":1},"number":"x","flag":[],"at":7,"there":{},"amounts":{"cpu":"x"}}"#);
        for it in [nothing, null, other] {
            assert_eq!((&*it.word, it.number, it.flag, it.at), ("", Int(0), Flag(false), Time(None)));
            assert!(it.list.is_empty() && it.labels.0.is_empty() && it.amounts.0.is_empty());
        }
    }

    #[test]
    fn a_number_may_be_written_as_a_word_and_a_word_as_a_number() {
        let it = read(r#"{"word":8080,"number":"12","flag":"true","there":{},"amounts":{"cpu":2,"memory":"1Gi"}}"#);
        assert_eq!((&*it.word, it.number, it.flag, it.there), ("8080", Int(12), Flag(true), Present(true)));
        assert_eq!((it.amounts.cpu_millis(), it.amounts.memory_bytes()), (Some(2000), Some(1 << 30)));
    }

    #[test]
    fn a_time_of_the_year_one_or_of_the_epoch_is_none() {
        assert_eq!(read(r#"{"at":"0001-01-01T00:00:00Z"}"#).at, Time(None));
        assert_eq!(read(r#"{"at":"1970-01-01T00:00:00Z"}"#).at, Time(None));
        assert!(read(r#"{"at":"2026-11-24T02:00:00.123456Z"}"#).at.0.is_some());
    }
}
