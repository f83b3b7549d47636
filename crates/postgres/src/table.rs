//! The table's name, quoted so that any name is just a name.

use std::fmt;

use crate::PostgresError;

/// What PostgreSQL keeps of a name; it would cut a longer one off without a word.
const MOST_BYTES: usize = 63;

/// A table's name as SQL, safe to be put into a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Without it the server's `search_path` decides.
    schema: Option<String>,
    name: String,
}

impl Table {
    pub(crate) fn new(schema: Option<&str>, name: &str) -> Result<Self, PostgresError> {
        Ok(Self { schema: schema.map(quote).transpose()?, name: quote(name)? })
    }

    /// Returns the schema's name as SQL, if one was given.
    pub(crate) fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

fn quote(name: &str) -> Result<String, PostgresError> {
    if name.is_empty() || name.len() > MOST_BYTES || name.contains('\0') {
        return Err(PostgresError::Name(name.to_owned()));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_just_a_name() {
        for (name, quoted) in [
            ("sessions", r#""sessions""#),
            ("Order; DROP", r#""Order; DROP""#),
            (r#"a"; --"#, r#""a""; --""#),
            ("a.b", r#""a.b""#),
            ("ü'$1", "\"ü'$1\""),
        ] {
            assert_eq!(Table::new(None, name).unwrap().to_string(), quoted);
        }
        let table = Table::new(Some("a\""), "b").unwrap();
        assert_eq!(table.to_string(), r#""a"""."b""#);
    }

    #[test]
    fn what_postgres_would_change_is_refused() {
        for name in ["", "a\0b", &"x".repeat(64), &"é".repeat(32)] {
            assert!(Table::new(None, name).is_err(), "{name:?}");
            assert!(Table::new(Some(name), "sessions").is_err(), "{name:?}");
        }
        assert!(Table::new(None, &"x".repeat(63)).is_ok());
    }
}
