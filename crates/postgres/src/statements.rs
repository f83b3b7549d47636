//! The statements. Each operation is one, and so is each batch of one kind.
//!
//! Statements that change several rows lock them in the order of their ids first, so that no two processes wait for
//! each other.

use crate::table::Table;
use crate::values::COLUMNS;

/// Names a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Load,
    LoadMany,
    OfUser,
    Page,
    Create,
    CreateMany,
    Replace,
    ReplaceMany,
    Renew,
    RenewMany,
    Touch,
    TouchMany,
    Delete,
    DeleteMany,
    Sweep,
}

impl Kind {
    pub(crate) const ALL: [Self; 15] = [
        Self::Load,
        Self::LoadMany,
        Self::OfUser,
        Self::Page,
        Self::Create,
        Self::CreateMany,
        Self::Replace,
        Self::ReplaceMany,
        Self::Renew,
        Self::RenewMany,
        Self::Touch,
        Self::TouchMany,
        Self::Delete,
        Self::DeleteMany,
        Self::Sweep,
    ];

    pub(crate) const READS: &[Self] = &[Self::Load, Self::LoadMany, Self::OfUser, Self::Page];

    pub(crate) const WRITES: &[Self] = &[
        Self::Create,
        Self::CreateMany,
        Self::Replace,
        Self::ReplaceMany,
        Self::Renew,
        Self::RenewMany,
        Self::Touch,
        Self::TouchMany,
        Self::Delete,
        Self::DeleteMany,
    ];

    pub(crate) const SWEEPS: &[Self] = &[Self::Sweep];
}

/// The text of every statement.
#[derive(Clone, Debug)]
pub(crate) struct Statements([String; Kind::ALL.len()]);

impl Statements {
    pub(crate) fn new(table: &Table) -> Self {
        Self(Kind::ALL.map(|kind| text(kind, table)))
    }

    pub(crate) fn text(&self, kind: Kind) -> &str {
        &self.0[kind as usize]
    }
}

/// Tells all processes that listen which session is not what it was; sent when the statement takes effect, in the same
/// trip. One channel for each database: ids are different in all tables.
const SIGNAL: &str = "pg_notify('cloakroom', t.id::text)";

/// A record's columns, in the order in which they are written.
const WRITTEN: &str = "id, version, user_id, created_at, active_at, expires_at, payload";

/// `WRITTEN` as the elements of arrays; `asked` names them.
const ARRAYS: &str = "::uuid[], ::bigint[], ::text[], ::timestamptz[], ::timestamptz[], \
                      ::timestamptz[], ::json[]";

fn text(kind: Kind, table: &Table) -> String {
    let first = arrays(1);
    match kind {
        Kind::Load => format!("SELECT {COLUMNS} FROM {table} t WHERE t.id = $1"),
        Kind::LoadMany => format!("SELECT {COLUMNS}, t.id FROM {table} t WHERE t.id = ANY($1)"),
        Kind::OfUser => format!(
            "SELECT {COLUMNS}, t.id FROM {table} t WHERE t.user_id = $1 ORDER BY t.created_at DESC LIMIT $2"
        ),
        Kind::Page => {
            format!("SELECT {COLUMNS}, t.id FROM {table} t WHERE t.id >= $1 ORDER BY t.id LIMIT $2")
        }
        Kind::Create => format!(
            "INSERT INTO {table} ({WRITTEN}) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO NOTHING RETURNING id"
        ),
        Kind::CreateMany => format!(
            "INSERT INTO {table} ({WRITTEN})
             SELECT {WRITTEN} FROM unnest({first}) AS asked ({WRITTEN}) ORDER BY id
             ON CONFLICT (id) DO NOTHING RETURNING id"
        ),
        Kind::Replace => format!(
            "UPDATE {table} t
             SET version = $2, user_id = $3, created_at = $4, active_at = $5, expires_at = $6, payload = $7
             WHERE t.id = $1 AND t.version = $8 RETURNING t.id"
        ),
        Kind::ReplaceMany => format!(
            "WITH held AS MATERIALIZED (
                 SELECT asked.* FROM unnest({first}, $8::bigint[]) AS asked ({WRITTEN}, was)
                 JOIN {table} t ON t.id = asked.id AND t.version = asked.was
                 ORDER BY asked.id FOR NO KEY UPDATE OF t
             )
             UPDATE {table} t
             SET version = held.version, user_id = held.user_id, created_at = held.created_at,
                 active_at = held.active_at, expires_at = held.expires_at, payload = held.payload
             FROM held WHERE t.id = held.id RETURNING t.id"
        ),
        // The lock holds the version; the new record is made under it, and the old one becomes the pointer only if
        // the new one was made.
        Kind::Renew => format!(
            "WITH held AS MATERIALIZED (
                 SELECT t.id FROM {table} t WHERE t.id = $1 AND t.version = $8 FOR NO KEY UPDATE
             ), made AS (
                 INSERT INTO {table} ({WRITTEN}) SELECT $9, $10, $11, $12, $13, $14, $15 FROM held
                 ON CONFLICT (id) DO NOTHING RETURNING id
             )
             UPDATE {table} t
             SET version = $2, user_id = $3, created_at = $4, active_at = $5, expires_at = $6, payload = $7
             FROM made WHERE t.id = $1 RETURNING t.id, {SIGNAL}"
        ),
        Kind::RenewMany => format!(
            "WITH held AS MATERIALIZED (
                 SELECT asked.* FROM unnest({first}, $8::bigint[], {second}) AS asked
                     ({WRITTEN}, was, id_2, version_2, user_id_2, created_at_2, active_at_2, expires_at_2, payload_2)
                 JOIN {table} t ON t.id = asked.id AND t.version = asked.was
                 ORDER BY asked.id FOR NO KEY UPDATE OF t
             ), made AS (
                 INSERT INTO {table} ({WRITTEN})
                 SELECT id_2, version_2, user_id_2, created_at_2, active_at_2, expires_at_2, payload_2
                 FROM held ORDER BY id_2
                 ON CONFLICT (id) DO NOTHING RETURNING id
             )
             UPDATE {table} t
             SET version = held.version, user_id = held.user_id, created_at = held.created_at,
                 active_at = held.active_at, expires_at = held.expires_at, payload = held.payload
             FROM held JOIN made ON made.id = held.id_2 WHERE t.id = held.id RETURNING t.id, {SIGNAL}",
            second = arrays(9)
        ),
        Kind::Touch => format!(
            "UPDATE {table} t
             SET active_at = greatest(t.active_at, $2), expires_at = greatest(t.expires_at, $3)
             WHERE t.id = $1 AND t.version = $4 RETURNING t.id"
        ),
        Kind::TouchMany => format!(
            "WITH held AS MATERIALIZED (
                 SELECT asked.* FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::bigint[])
                     AS asked (id, active_at, expires_at, was)
                 JOIN {table} t ON t.id = asked.id AND t.version = asked.was
                 ORDER BY asked.id FOR NO KEY UPDATE OF t
             )
             UPDATE {table} t
             SET active_at = greatest(t.active_at, held.active_at),
                 expires_at = greatest(t.expires_at, held.expires_at)
             FROM held WHERE t.id = held.id RETURNING t.id"
        ),
        Kind::Delete => {
            format!("DELETE FROM {table} t WHERE t.id = $1 RETURNING {COLUMNS}, t.id, {SIGNAL}")
        }
        Kind::DeleteMany => format!(
            "WITH held AS MATERIALIZED (
                 SELECT t.id FROM {table} t WHERE t.id = ANY($1) ORDER BY t.id FOR UPDATE
             )
             DELETE FROM {table} t USING held WHERE t.id = held.id RETURNING {COLUMNS}, t.id, {SIGNAL}"
        ),
        // What another process is sweeping or writing is left to it. Several minutes share one `sweep_at`, so the
        // true instant is asked for too.
        Kind::Sweep => format!(
            "WITH dead AS MATERIALIZED (
                 SELECT t.id FROM {table} t
                 WHERE t.sweep_at <= $1 AND t.expires_at <= $1
                 ORDER BY t.sweep_at LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             DELETE FROM {table} t USING dead WHERE t.id = dead.id RETURNING t.id"
        ),
    }
}

/// `ARRAYS` as parameters from `$first` on.
fn arrays(first: usize) -> String {
    let typed = ARRAYS.split(", ").enumerate();
    let typed = typed.map(|(n, array)| format!("${}{}", first + n, array.trim()));
    typed.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_place() {
        let statements = Statements::new(&Table::new(None, "s").unwrap());
        for kind in Kind::ALL {
            assert_eq!(statements.text(kind), text(kind, &Table::new(None, "s").unwrap()));
        }
        let lists = [Kind::READS, Kind::WRITES, Kind::SWEEPS].concat();
        assert_eq!(lists, Kind::ALL);
    }
}
