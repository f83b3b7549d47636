//! Reads a payload's text with `serde_json`: whatever is valid, in any order; and says why it cannot be read.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::index::{Index, Name, Place, Places};
use super::{Extras, FORMAT, IN_TRANSIT, Moved};
use crate::sign_in::SignedIn;
use crate::{Lifetime, Timestamp};
use std::sync::Arc;

/// Why a payload cannot be read. Quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("its payload has format {0}, and this version of cloakroom reads up to {FORMAT}")]
    Newer(u32),
    #[error(
        "it is on its way to another store, which this process does not know: first deploy `Moving::prepare` everywhere"
    )]
    InTransit,
    #[error("its payload is not the JSON that cloakroom writes ({0:?} error at column {1})")]
    NotOurs(serde_json::error::Category, usize),
}

/// The text as serde sees it.
#[derive(Deserialize)]
struct Shape<'a> {
    format: u32,
    #[serde(borrow, default)]
    data: Section<'a>,
    #[serde(borrow, default)]
    flash: Section<'a>,
    idle: Option<u64>,
    absolute: Option<u64>,
    renewed: Option<Timestamp>,
    renewed_from: Option<String>,
    signed_in: Option<SignedIn>,
    moved_to: Option<String>,
    moved_until: Option<Timestamp>,
}

#[derive(Default)]
struct Section<'a>(Vec<(String, &'a str)>);

impl Index {
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let shape: Shape<'_> = serde_json::from_str(text).map_err(|error| {
            match serde_json::from_str::<Format>(text) {
                Ok(Format { format }) if format > FORMAT => Unreadable::newer(format),
                _ => Unreadable::not_ours(&error),
            }
        })?;
        if shape.format > FORMAT {
            return Err(Unreadable::newer(shape.format));
        }
        let id = |text: Option<String>| {
            let id = text.map(|text| text.parse()).transpose();
            id.map_err(|_| Unreadable::NotOurs(serde_json::error::Category::Data, 0))
        };
        let (moved_to, renewed_from) = (id(shape.moved_to)?, id(shape.renewed_from)?);
        let moved = moved_to.map(|to| Moved { to, until: shape.moved_until.unwrap_or_default() });
        // As much as is written.
        let limit = |millis: u64| Duration::from_millis(millis.min(i64::MAX.unsigned_abs()));
        let extras = Extras {
            lifetime: Lifetime { idle: shape.idle.map(limit), absolute: shape.absolute.map(limit) },
            renewed: shape.renewed,
            renewed_from,
            signed_in: shape.signed_in.map(Arc::new),
            moved,
        };
        Ok(Self { data: shape.data.places(text), flash: shape.flash.places(text), extras })
    }
}

impl Unreadable {
    fn newer(format: u32) -> Self {
        if format == IN_TRANSIT { Self::InTransit } else { Self::Newer(format) }
    }

    fn not_ours(error: &serde_json::Error) -> Self {
        Self::NotOurs(error.classify(), error.column())
    }
}

impl<'a> Section<'a> {
    /// Turns borrowed pieces of `text` into places in it. Of a key that stands there twice the last one counts.
    fn places(self, text: &'a str) -> Places {
        let place = |value: &'a str| {
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            start..start + value.len()
        };
        let place = |(key, value): (String, _)| Place {
            key: Name::Escaped(key.into()),
            value: place(value),
        };
        let mut places: Places = self.0.into_iter().rev().map(place).collect();
        places.sort_by(|a, b| a.key(text).cmp(b.key(text)));
        places.dedup_by(|later, earlier| later.key(text) == earlier.key(text));
        places
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Section<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Section<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    entries.push((key, value.get()));
                }
                Ok(Section(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
