//! The statements. Each operation is one.

use cloakroom_core::{
    Id, Operation, Outcome, Payload, Record, Timestamp, UserId, Version, WalkCursor, WalkPage,
};
use rusqlite::{Connection, Row, params};

use crate::SqliteError;

pub(crate) fn load(connection: &Connection, id: &Id) -> Result<Option<Record>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, user_id, created_at, active_at, expires_at, payload
         FROM cloakroom_sessions WHERE id = ?1",
    )?;
    let mut rows = statement.query([id.to_string()])?;
    Ok(rows.next()?.map(|row| record(row, id)))
}

/// Returns the user's newest records.
pub(crate) fn of_user(
    connection: &Connection,
    user: &UserId,
    limit: u32,
) -> Result<Vec<Record>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, user_id, created_at, active_at, expires_at, payload, id
         FROM cloakroom_sessions WHERE user_id = ?1 ORDER BY created_at DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![user.as_str(), limit])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        // What this crate never writes has no session to list.
        if let Ok(id) = row.get::<_, String>(6)?.parse() {
            records.push(record(row, &id));
        }
    }
    Ok(records)
}

/// Returns the first records whose id comes after `after`.
pub(crate) fn page(
    connection: &Connection,
    after: &str,
    limit: u32,
) -> Result<WalkPage, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, user_id, created_at, active_at, expires_at, payload, id
         FROM cloakroom_sessions WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit])?;
    let (mut records, mut count, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        let id: String = row.get(6)?;
        // What this crate never writes is no session, but a place.
        if let Ok(id) = id.parse() {
            records.push(record(row, &id));
        }
        count += 1;
        last = Some(id);
    }
    let next = last.filter(|_| count == limit).map(WalkCursor::new);
    Ok(WalkPage { records, next })
}

pub(crate) fn write(
    connection: &Connection,
    operation: &Operation,
) -> Result<Outcome, SqliteError> {
    match operation {
        Operation::Create(record) => match insert(connection, record)? {
            1 => Ok(Outcome::Applied),
            _ => stale(connection, &record.id),
        },
        Operation::Replace { version, next } => match update(connection, *version, next)? {
            1 => Ok(Outcome::Applied),
            _ => stale(connection, &next.id),
        },
        Operation::Renew { version, next, moved } => {
            // The caller's transaction makes the two one step. Nobody can know the new id yet.
            if insert(connection, next)? == 0 {
                return Ok(Outcome::Stale(None));
            }
            if update(connection, *version, moved)? == 0 {
                let _ = write(connection, &Operation::Delete(next.id))?;
                return stale(connection, &moved.id);
            }
            Ok(Outcome::Applied)
        }
        Operation::Touch { id, version, active_at, expires_at } => {
            let mut statement = connection.prepare_cached(
                "UPDATE cloakroom_sessions
                 SET active_at = max(active_at, ?3), expires_at = max(expires_at, ?4)
                 WHERE id = ?1 AND version = ?2",
            )?;
            let (active_at, expires_at) = (active_at.as_millis(), expires_at.as_millis());
            let parameters = params![id.to_string(), number(*version), active_at, expires_at];
            match statement.execute(parameters)? {
                1 => Ok(Outcome::Applied),
                _ => stale(connection, id),
            }
        }
        Operation::Delete(id) => {
            let mut statement = connection.prepare_cached(
                "DELETE FROM cloakroom_sessions WHERE id = ?1
                 RETURNING version, user_id, created_at, active_at, expires_at, payload",
            )?;
            let mut rows = statement.query([id.to_string()])?;
            Ok(match rows.next()? {
                Some(row) => Outcome::Removed(record(row, id)),
                None => Outcome::Stale(None),
            })
        }
    }
}

pub(crate) fn delete_expired(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<u32, SqliteError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM cloakroom_sessions WHERE id IN
             (SELECT id FROM cloakroom_sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    )?;
    let deleted = statement.execute(params![now.as_millis(), limit])?;
    Ok(u32::try_from(deleted).unwrap_or(limit))
}

fn insert(connection: &Connection, record: &Record) -> Result<usize, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO cloakroom_sessions (id, version, user_id, created_at, active_at, expires_at, payload)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING",
    )?;
    statement.execute(params![
        record.id.to_string(),
        number(record.version),
        record.user.as_ref().map(UserId::as_str),
        record.created_at.as_millis(),
        record.active_at.as_millis(),
        record.expires_at.as_millis(),
        record.payload.as_str(),
    ])
}

fn update(
    connection: &Connection,
    version: Version,
    next: &Record,
) -> Result<usize, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "UPDATE cloakroom_sessions
         SET version = ?3, user_id = ?4, created_at = ?5, active_at = ?6, expires_at = ?7, payload = ?8
         WHERE id = ?1 AND version = ?2",
    )?;
    statement.execute(params![
        next.id.to_string(),
        number(version),
        number(next.version),
        next.user.as_ref().map(UserId::as_str),
        next.created_at.as_millis(),
        next.active_at.as_millis(),
        next.expires_at.as_millis(),
        next.payload.as_str(),
    ])
}

fn stale(connection: &Connection, id: &Id) -> Result<Outcome, SqliteError> {
    load(connection, id).map(Outcome::Stale)
}

/// SQLite's integers are signed; the bits are the same.
fn number(version: Version) -> i64 {
    i64::from_ne_bytes(version.get().to_ne_bytes())
}

/// Reads a row. One that holds what this crate never writes becomes a record that the engine reports as corrupt, so
/// that the others of the same trip are not affected.
fn record(row: &Row<'_>, id: &Id) -> Record {
    read(row, id).unwrap_or_else(|_| Record {
        id: *id,
        version: Version::default(),
        user: None,
        created_at: Timestamp::default(),
        active_at: Timestamp::default(),
        expires_at: Timestamp::MAX,
        payload: Payload::unreadable(),
    })
}

fn read(row: &Row<'_>, id: &Id) -> Result<Record, rusqlite::Error> {
    let version: i64 = row.get(0)?;
    let user: Option<String> = row.get(1)?;
    let time = |place| row.get(place).map(Timestamp::from_millis);
    let payload: String = row.get(5)?;
    Ok(Record {
        id: *id,
        version: Version::new(u64::from_ne_bytes(version.to_ne_bytes())),
        user: user.map(user_id).transpose()?,
        created_at: time(2)?,
        active_at: time(3)?,
        expires_at: time(4)?,
        payload: Payload::from_text(payload),
    })
}

fn user_id(text: String) -> Result<UserId, rusqlite::Error> {
    UserId::new(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
    })
}
