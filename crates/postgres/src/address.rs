//! The server's address: a URL or a list of `key=value`, as PostgreSQL's own programs take it.
//!
//! The driver reads all of it but the parameters about certificates, which are read here and taken out.

use std::path::PathBuf;

use tokio_postgres::Config;

use crate::PostgresError;
use crate::tls::{Roots, SslMode};

/// What an address says.
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) ssl_mode: SslMode,
    pub(crate) roots: Roots,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, PostgresError> {
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        let parameters = if is_url { take_from_url(text) } else { take_from_list(text) };
        let Taken { rest, ssl_mode, root } = parameters;
        let roots = match root.as_deref() {
            None => Roots::Default,
            Some("system") => Roots::System,
            Some(file) => Roots::File(PathBuf::from(file)),
        };
        Ok(Self {
            config: rest.parse().map_err(PostgresError::Address)?,
            ssl_mode: match ssl_mode {
                Some(mode) => mode.parse()?,
                // PostgreSQL's own rule: trust in the system's roots is worth nothing for any host that has one.
                None if roots == Roots::System => SslMode::VerifyFull,
                None => SslMode::Prefer,
            },
            roots,
        })
    }
}

/// An address without our parameters, and what they were.
#[derive(Debug, Default)]
struct Taken {
    rest: String,
    ssl_mode: Option<String>,
    root: Option<String>,
}

impl Taken {
    /// Takes the parameter if it is one of ours.
    fn take(&mut self, name: &str, value: &str) -> bool {
        match name {
            "sslmode" => self.ssl_mode = Some(value.to_owned()),
            "sslrootcert" => self.root = Some(value.to_owned()),
            _ => return false,
        }
        true
    }
}

fn take_from_url(url: &str) -> Taken {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut taken = Taken::default();
    let kept: Vec<_> = query
        .split('&')
        .filter(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !parameter.is_empty() && !taken.take(name, &decode(value))
        })
        .collect();
    taken.rest = match kept.is_empty() {
        true => base.to_owned(),
        false => format!("{base}?{}", kept.join("&")),
    };
    taken
}

/// Undoes percent-encoding; what is none stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(decoded) if byte == b'%' => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Values may stand in single quotes, in which a backslash makes the next character plain.
fn take_from_list(list: &str) -> Taken {
    let mut taken = Taken::default();
    let mut rest = list.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, length) = value(after);
        let (text, next) = after.split_at(length);
        if !taken.take(name.trim(), &value) {
            taken.rest.push_str(&format!("{}={text} ", name.trim()));
        }
        rest = next.trim_start();
    }
    // What is no parameter is the driver's to complain about.
    taken.rest.push_str(rest);
    taken
}

/// Reads one value; returns it and its length as it was written.
fn value(text: &str) -> (String, usize) {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' if quoted => return (value, at + 1),
            '\\' => value.extend(characters.next().map(|(_, character)| character)),
            _ if !quoted && character.is_whitespace() => return (value, at),
            _ => value.push(character),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (String, SslMode, Roots) {
        let Address { config, ssl_mode, roots } = Address::parse(text).unwrap();
        let user = config.get_user().unwrap_or_default();
        (format!("{user}/{}", config.get_dbname().unwrap_or_default()), ssl_mode, roots)
    }

    #[test]
    fn parameters_about_certificates_are_understood() {
        let file = |path: &str| Roots::File(path.into());
        for (text, expected) in [
            ("postgres://u:p@h/d", ("u/d", SslMode::Prefer, Roots::Default)),
            ("postgres://u@h/d?sslmode=disable", ("u/d", SslMode::Disable, Roots::Default)),
            (
                "postgresql://u@h/d?sslmode=verify-ca&application_name=x&sslrootcert=/a%20b.pem",
                ("u/d", SslMode::VerifyCa, file("/a b.pem")),
            ),
            ("postgres://u@h/d?sslrootcert=system", ("u/d", SslMode::VerifyFull, Roots::System)),
            (
                "host=h user=u sslmode=verify-full dbname=d",
                ("u/d", SslMode::VerifyFull, Roots::Default),
            ),
            (
                r"host = h password='sslmode=\'x y' user=u dbname='d' sslrootcert='/a b\'.pem' sslmode = require",
                ("u/d", SslMode::Require, file("/a b'.pem")),
            ),
        ] {
            let (name, mode, roots) = expected;
            assert_eq!(parse(text), (name.to_owned(), mode, roots), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_without_the_password() {
        for text in
            ["postgres://u:secret@h/d?sslmode=maybe", "postgres://u:secret@h/d?what=1", "secret"]
        {
            let error = Address::parse(text).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
        }
    }
}
