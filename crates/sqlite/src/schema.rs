//! The table, and how older ones are brought up to date.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::SqliteError;

/// Each entry brings the schema from its place in the list to the next.
const MIGRATIONS: [&str; 2] = ["
    CREATE TABLE cloakroom_sessions (
        id         TEXT    NOT NULL PRIMARY KEY,
        version    INTEGER NOT NULL,
        user_id    TEXT,
        created_at INTEGER NOT NULL,
        active_at  INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        payload    TEXT    NOT NULL
    ) STRICT;
    CREATE INDEX cloakroom_sessions_expires_at ON cloakroom_sessions (expires_at);
    CREATE INDEX cloakroom_sessions_user_id ON cloakroom_sessions (user_id) WHERE user_id IS NOT NULL;
", "
    DROP INDEX cloakroom_sessions_user_id;
    CREATE INDEX cloakroom_sessions_user ON cloakroom_sessions (user_id, created_at) WHERE user_id IS NOT NULL;
"];

/// Migrates; of several processes that start at once one does the work and the others wait.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), SqliteError> {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if version(connection)? == Some(known) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS cloakroom_schema (version INTEGER NOT NULL) STRICT",
    )?;
    let found = version(&transaction)?.unwrap_or(0);
    if found > known {
        return Err(SqliteError::NewerSchema { found, known });
    }
    for migration in &MIGRATIONS[found as usize..] {
        transaction.execute_batch(migration)?;
    }
    transaction.execute("DELETE FROM cloakroom_schema", [])?;
    transaction.execute("INSERT INTO cloakroom_schema (version) VALUES (?1)", [known])?;
    Ok(transaction.commit()?)
}

fn version(connection: &Connection) -> Result<Option<u32>, rusqlite::Error> {
    let table = "SELECT 1 FROM sqlite_schema WHERE name = 'cloakroom_schema'";
    if connection.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    connection.query_row("SELECT version FROM cloakroom_schema", [], |row| row.get(0)).optional()
}
