//! The table, and how older ones are brought up to date.
//!
//! Its version stands in the table's comment, so that there is one table and no more.

use tokio_postgres::GenericClient;

use crate::PostgresError;
use crate::table::Table;

/// Each entry brings the schema from its place in the list to the next.
///
/// PostgreSQL updates a row in its page, without touching any index, only if no indexed column changes ("HOT").
/// `expires_at` changes with nearly every write, so what is indexed is the ten minutes in which it lies. Measured with
/// rows of 600 bytes: an update takes a sixth less time than with an index on `expires_at`, and table and indexes stay
/// a ninth as large. `fillfactor` leaves room for the row's next version.
const MIGRATIONS: [&str; 1] = ["
CREATE TABLE {table} (
    id         uuid        NOT NULL PRIMARY KEY,
    version    bigint      NOT NULL,
    user_id    text,
    created_at timestamptz NOT NULL,
    active_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    payload    json        NOT NULL,
    sweep_at   timestamptz NOT NULL
        GENERATED ALWAYS AS (date_bin('10 minutes', expires_at, '2000-01-01 00:00:00+00')) STORED
) WITH (fillfactor = 90);
CREATE INDEX ON {table} (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX ON {table} (sweep_at);
"];

/// The newest version that this crate knows.
pub(crate) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// How the comment begins, before the version.
const MARK: &str = "cloakroom sessions, schema ";

/// One lock for all tables of a database; any number that nobody else uses.
const LOCK: i64 = 0x636c_6f61_6b72_6f6f;

/// Returns the SQL that makes the table as this version wants it.
pub(crate) fn sql(table: &Table) -> String {
    let schema = table.schema().map(|schema| format!("CREATE SCHEMA IF NOT EXISTS {schema};\n"));
    schema.unwrap_or_default() + steps(table, 0).trim_start()
}

/// Checks the table's version, and brings it up to date if `migrate` says so. Of several processes that start at once
/// one does the work and the others wait.
pub(crate) async fn prepare<C: GenericClient>(
    client: &mut C,
    table: &Table,
    migrate: bool,
) -> Result<(), PostgresError> {
    let encoding = client.query_one("SELECT current_setting('server_encoding')", &[]).await?;
    let encoding: String = encoding.try_get(0)?;
    if encoding != "UTF8" {
        return Err(PostgresError::Encoding(encoding));
    }
    let found = find(client, table).await?;
    check(&found, table)?;
    if !migrate || found == Found::Version(KNOWN) {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    // Another process may have done it meanwhile.
    let found = find(&transaction, table).await?;
    check(&found, table)?;
    let version = match found {
        Found::Version(version) => version,
        Found::Nothing => 0,
        Found::Unmarked => return Err(PostgresError::NotOurs(table.to_string())),
    };
    if version == 0
        && let Some(schema) = table.schema()
    {
        // `IF NOT EXISTS` asks for the right to make it even where it is there.
        let is_there = "SELECT to_regnamespace($1) IS NOT NULL";
        let is_there = transaction.query_one(is_there, &[&schema]).await?;
        if !is_there.try_get::<_, bool>(0)? {
            transaction.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
        }
    }
    if version < KNOWN {
        transaction.batch_execute(&steps(table, version)).await?;
    }
    Ok(transaction.commit().await?)
}

/// Returns the version of the table that is there.
pub(crate) async fn version_of<C: GenericClient>(
    client: &C,
    table: &Table,
) -> Result<Option<u32>, PostgresError> {
    match find(client, table).await? {
        Found::Nothing => Ok(None),
        Found::Version(version) => Ok(Some(version)),
        Found::Unmarked => Err(PostgresError::NotOurs(table.to_string())),
    }
}

/// What there is under the table's name.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Unmarked,
    Version(u32),
}

async fn find<C: GenericClient>(client: &C, table: &Table) -> Result<Found, PostgresError> {
    // Reading `pg_class` itself makes the server look at what others have made since the transaction began.
    let comment =
        "SELECT obj_description(oid, 'pg_class') FROM pg_class WHERE oid = to_regclass($1)";
    let Some(row) = client.query_opt(comment, &[&table.to_string()]).await? else {
        return Ok(Found::Nothing);
    };
    let comment: Option<String> = row.try_get(0)?;
    Ok(comment.as_deref().and_then(version).map_or(Found::Unmarked, Found::Version))
}

fn check(found: &Found, table: &Table) -> Result<(), PostgresError> {
    match *found {
        Found::Version(found) if found > KNOWN => {
            Err(PostgresError::NewerSchema { table: table.to_string(), found, known: KNOWN })
        }
        _ => Ok(()),
    }
}

fn version(comment: &str) -> Option<u32> {
    let rest = comment.strip_prefix(MARK)?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

fn steps(table: &Table, from: u32) -> String {
    let name = table.to_string();
    let steps = MIGRATIONS[from as usize..].iter().map(|step| step.replace("{table}", &name));
    steps.collect::<String>() + &format!("COMMENT ON TABLE {name} IS '{MARK}{KNOWN}';\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_comment() {
        assert_eq!(version("cloakroom sessions, schema 12: do not edit"), Some(12));
        assert_eq!(version("cloakroom sessions, schema "), None);
        assert_eq!(version("ours"), None);
        let table = Table::new(Some("web"), "s").unwrap();
        let sql = sql(&table);
        assert!(
            sql.starts_with("CREATE SCHEMA IF NOT EXISTS \"web\";\nCREATE TABLE \"web\".\"s\" (")
        );
        assert!(
            sql.ends_with("COMMENT ON TABLE \"web\".\"s\" IS 'cloakroom sessions, schema 1';\n")
        );
    }
}
