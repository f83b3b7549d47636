//! How a record's fields travel, in PostgreSQL's binary formats.

use std::error::Error;
use std::fmt;

use bytes::BytesMut;
use cloakroom_core::{Id, Payload, Record, Timestamp, UserId, Version};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

type Fault = Box<dyn Error + Sync + Send>;

/// A `uuid`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(pub(crate) Id);

/// A `timestamptz`, which has all instants from 4713 BC to 294276 AD. What is later never comes: `infinity`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant(pub(crate) Timestamp);

/// A `json`, which keeps the text as it is. (`jsonb` would change it, and refuse `\u0000`.)
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(pub(crate) &'a str);

impl fmt::Debug for Json<'_> {
    /// Shows nothing: the driver logs parameters, and this is the visitor's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json(..)")
    }
}

/// A `bigint` with the same bits.
pub(crate) fn number(version: Version) -> i64 {
    i64::from_ne_bytes(version.get().to_ne_bytes())
}

impl ToSql for Key {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(UUID);
    to_sql_checked!();
}

impl FromSql<'_> for Key {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Fault> {
        Ok(Self(Id::from_bytes(raw.try_into()?)))
    }

    accepts!(UUID);
}

/// 2000-01-01 in milliseconds since 1970: PostgreSQL counts microseconds from there.
const EPOCH: i64 = 946_684_800_000;
/// What PostgreSQL can write down, in microseconds; the ends of `i64` are `-infinity` and `infinity`.
const LEAST: i64 = -211_813_488_000_000_000;
const MOST: i64 = 9_223_371_331_199_999_999;

impl Instant {
    fn micros(self) -> i64 {
        let micros = self.0.as_millis().checked_sub(EPOCH).and_then(|ms| ms.checked_mul(1000));
        match micros {
            Some(micros) if (LEAST..=MOST).contains(&micros) => micros,
            _ if self.0.as_millis() < EPOCH => i64::MIN,
            _ => i64::MAX,
        }
    }

    fn from_micros(micros: i64) -> Self {
        Self(Timestamp::from_millis(match micros {
            i64::MIN | i64::MAX => micros,
            _ => micros.div_euclid(1000) + EPOCH,
        }))
    }
}

impl ToSql for Instant {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        out.extend_from_slice(&self.micros().to_be_bytes());
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl FromSql<'_> for Instant {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Fault> {
        Ok(Self::from_micros(i64::from_be_bytes(raw.try_into()?)))
    }

    accepts!(TIMESTAMPTZ);
}

impl ToSql for Json<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(JSON);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self(std::str::from_utf8(raw)?))
    }

    accepts!(JSON);
}

/// The columns that [`record`] reads; an id may follow.
pub(crate) const COLUMNS: &str =
    "t.version, t.user_id, t.created_at, t.active_at, t.expires_at, t.payload";

/// Reads a row of [`COLUMNS`]. One that holds what this crate never writes becomes a record that the engine reports as
/// corrupt, so that the others of the same trip are not affected.
pub(crate) fn record(row: &Row, id: Id) -> Record {
    read(row, id).unwrap_or_else(|_| Record {
        id,
        version: Version::default(),
        user: None,
        created_at: Timestamp::default(),
        active_at: Timestamp::default(),
        expires_at: Timestamp::MAX,
        payload: Payload::unreadable(),
    })
}

/// Reads the id that follows [`COLUMNS`].
pub(crate) fn id(row: &Row) -> Result<Id, tokio_postgres::Error> {
    row.try_get::<_, Key>(6).map(|Key(id)| id)
}

fn read(row: &Row, id: Id) -> Result<Record, Fault> {
    let instant = |place| row.try_get(place).map(|Instant(timestamp)| timestamp);
    let version: i64 = row.try_get(0)?;
    let user: Option<&str> = row.try_get(1)?;
    let Json(payload) = row.try_get(5)?;
    Ok(Record {
        id,
        version: Version::new(u64::from_ne_bytes(version.to_ne_bytes())),
        user: user.map(UserId::new).transpose()?,
        created_at: instant(2)?,
        active_at: instant(3)?,
        expires_at: instant(4)?,
        payload: Payload::from_text(payload),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_back_to_the_millisecond() {
        for millis in [0, 1, -1, 1_780_000_000_001, i64::MAX, i64::MIN, -62_135_596_800_000] {
            let instant = Instant(Timestamp::from_millis(millis));
            assert_eq!(Instant::from_micros(instant.micros()).0, instant.0, "{millis}");
        }
        // 2001-09-09 01:46:40 UTC
        assert_eq!(Instant(Timestamp::from_millis(1_000_000_000_000)).micros(), 53_315_200_000_000);
    }

    #[test]
    fn what_postgres_cannot_write_down_never_comes() {
        for millis in [i64::MAX - 1, MOST / 1000 + EPOCH + 1] {
            assert_eq!(Instant(Timestamp::from_millis(millis)).micros(), i64::MAX);
        }
        assert_eq!(Instant(Timestamp::from_millis(i64::MIN + 1)).micros(), i64::MIN);
    }
}
