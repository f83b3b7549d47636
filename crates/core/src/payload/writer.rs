//! Writes a payload's text, and the index of it on the way.

use std::time::Duration;

use super::Extras;
use super::index::{Name, Place, Places};

pub(super) struct Writer(pub(super) String);

impl Writer {
    pub(super) fn section<'a>(
        &mut self,
        name: &str,
        values: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Places {
        let mut places = Places::with_capacity(values.size_hint().0);
        for (key, value) in values {
            if places.is_empty() {
                self.0.push_str(",\"");
                self.0.push_str(name);
                self.0.push_str("\":{");
            } else {
                self.0.push(',');
            }
            let key = self.key(key);
            self.0.push(':');
            let start = self.0.len();
            self.0.push_str(value);
            places.push(Place { key, value: start..self.0.len() });
        }
        if !places.is_empty() {
            self.0.push('}');
        }
        places
    }

    fn key(&mut self, key: &str) -> Name {
        // `fold`, not `all`: a loop without an exit is checked many bytes at a time.
        let is_plain = |byte| byte >= b' ' && byte != b'"' && byte != b'\\';
        if key.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            self.0.push('"');
            let start = self.0.len();
            self.0.push_str(key);
            let name = Name::Plain(start..self.0.len());
            self.0.push('"');
            name
        } else {
            let quoted = serde_json::to_string(key).expect("a string can be written as JSON");
            self.0.push_str(&quoted);
            Name::Escaped(key.into())
        }
    }

    pub(super) fn extras(&mut self, extras: &Extras) {
        let Extras { lifetime, renewed, renewed_from, signed_in, moved } = extras;
        let mut number = |name: &str, value: Option<i128>| {
            if let Some(value) = value {
                self.0.push_str(&format!(",\"{name}\":{value}"));
            }
        };
        let millis =
            |time: Duration| i128::from(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        number("idle", lifetime.idle.map(millis));
        number("absolute", lifetime.absolute.map(millis));
        number("renewed", renewed.map(|at| at.as_millis().into()));
        number("moved_until", moved.map(|moved| moved.until.as_millis().into()));
        if let Some(id) = renewed_from {
            self.0.push_str(&format!(",\"renewed_from\":\"{id}\""));
        }
        if let Some(signed_in) = signed_in {
            let text = serde_json::to_string(&**signed_in).expect("plain texts can be written");
            self.0.push_str(",\"signed_in\":");
            self.0.push_str(&text);
        }
        if let Some(moved) = moved {
            self.0.push_str(&format!(",\"moved_to\":\"{}\"", moved.to));
        }
    }
}
