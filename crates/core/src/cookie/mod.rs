//! The one module that knows cookie syntax: settings, the `Cookie` header, the `Set-Cookie` line.

mod header;
mod settings;

use std::time::Duration;

use http::HeaderValue;

pub(crate) use self::header::{MOST_CANDIDATES, values_of};
pub use self::settings::{CookieSettings, SameSite};
use crate::ConfigError;

/// A cookie whose settings have been checked; writes `Set-Cookie` lines.
#[derive(Debug)]
pub(crate) struct CookieWriter {
    name: String,
    /// Everything behind the value but `Max-Age`, as the `cookie` crate writes it.
    attributes: String,
    persistent: bool,
}

impl CookieWriter {
    pub(crate) fn new(settings: &CookieSettings, secure: bool) -> Result<Self, ConfigError> {
        let name = settings.full_name(secure)?;
        let line = settings.build(&name, secure).to_string();
        let attributes = line[name.len() + "=".len()..].to_owned();
        Ok(Self { name, attributes, persistent: settings.persistent })
    }

    /// Returns the name with its prefix, as it stands on the wire.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn persistent(&self) -> bool {
        self.persistent
    }

    /// Returns how many bytes of a line are not the value, at most.
    pub(crate) fn overhead(&self) -> usize {
        self.name.len() + ".1=".len() + self.attributes.len() + "; Max-Age=4294967295".len()
    }

    /// Returns the line that gives the browser `value`; without `age` it forgets it when it is closed.
    pub(crate) fn set(&self, value: &str, age: Option<Duration>) -> HeaderValue {
        self.set_as(&self.name, value, age)
    }

    /// Like [`set`](Self::set), for a cookie with a name of its own.
    pub(crate) fn set_as(&self, name: &str, value: &str, age: Option<Duration>) -> HeaderValue {
        let attributes = &self.attributes;
        let line = match age {
            Some(age) => format!("{name}={value}{attributes}; Max-Age={}", age.as_secs()),
            None => format!("{name}={value}{attributes}"),
        };
        let mut line = HeaderValue::from_str(&line)
            .expect("name and attributes were checked, and what we seal and sign is ASCII");
        line.set_sensitive(true);
        line
    }

    /// Returns the line that takes the cookie away. It has all the attributes of the cookie itself, or browsers
    /// would not find it.
    pub(crate) fn remove(&self) -> HeaderValue {
        self.remove_as(&self.name)
    }

    /// Like [`remove`](Self::remove), for a cookie with a name of its own.
    pub(crate) fn remove_as(&self, name: &str) -> HeaderValue {
        let attributes = &self.attributes;
        let line = format!("{name}={attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        HeaderValue::from_str(&line).expect("name and attributes were checked")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(settings: &CookieSettings) -> CookieWriter {
        CookieWriter::new(settings, true).unwrap()
    }

    #[test]
    fn the_default_cookie_byte_for_byte() {
        let writer = writer(&CookieSettings::default());
        assert_eq!(
            writer.set("TOKEN", None),
            "__Host-session=TOKEN; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        assert_eq!(
            writer.remove(),
            "__Host-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; \
             Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    #[test]
    fn a_removal_has_every_attribute_of_the_cookie() {
        let settings = CookieSettings::new("shop")
            .domain("example.org")
            .path("/shop")
            .without_host_prefix()
            .same_site(SameSite::None)
            .partitioned();
        let writer = writer(&settings);
        let rest = "; HttpOnly; SameSite=None; Partitioned; Secure; Path=/shop; Domain=example.org";
        let age = Some(Duration::from_secs(60));
        assert_eq!(writer.set("T", age), format!("__Secure-shop=T{rest}; Max-Age=60"));
        assert!(writer.remove().to_str().unwrap().starts_with(&format!("__Secure-shop={rest};")));
    }
}
