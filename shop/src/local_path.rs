//! A place in this shop to send a visitor back to. Parsed, so that nobody can make it lead elsewhere.

use std::fmt;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

/// A path, perhaps with a query, on this very host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalPath(String);

impl LocalPath {
    /// Reads a path. `None` if a browser could take it for another host, or it is no path at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Browsers read `//host` and `/\host` as another host, and drop tabs and line ends before they look.
        let local = text.starts_with('/') && !text[1..].starts_with(['/', '\\']);
        let plain = text.len() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic());
        (local && plain).then(|| Self(text.to_owned()))
    }

    /// Returns the place of a request; the front page if that is not somewhere to send people.
    #[must_use]
    pub fn of(uri: &Uri) -> Self {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Self::parse(path).unwrap_or_default()
    }

    /// Returns the path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LocalPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for LocalPath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a path in this shop")
    }
}

impl From<LocalPath> for String {
    fn from(path: LocalPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_on_this_host_are_paths() {
        for path in ["/", "/cart", "/?kind=hats", "/products/just-in-case"] {
            assert!(LocalPath::parse(path).is_some(), "{path:?}");
        }
        for elsewhere in [
            "",
            "cart",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
        ] {
            assert_eq!(LocalPath::parse(elsewhere), None, "{elsewhere:?}");
        }
    }
}
