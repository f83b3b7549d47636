//! Paths to which a check does not apply.

use std::fmt;
use std::sync::Arc;

use matchit::Router;

use crate::ConfigError;

/// Patterns of paths, in the syntax of axum's routes: `/hooks/{provider}`, `/hooks/{*rest}`.
#[derive(Clone, Default)]
pub(crate) struct Exempt {
    patterns: Arc<Router<()>>,
    texts: Vec<String>,
}

impl Exempt {
    pub(crate) fn add(&mut self, pattern: &str) -> Result<(), ConfigError> {
        let invalid = |why: String| ConfigError::InvalidPath { path: pattern.to_owned(), why };
        if !pattern.starts_with('/') {
            return Err(invalid("it must begin with a slash".to_owned()));
        }
        let mut patterns = (*self.patterns).clone();
        patterns.insert(pattern, ()).map_err(|error| invalid(error.to_string()))?;
        self.patterns = Arc::new(patterns);
        self.texts.push(pattern.to_owned());
        Ok(())
    }

    /// Tells whether `path` is exempt. One that a later part of the application might take for another path never is.
    pub(crate) fn has(&self, path: &str) -> bool {
        !self.texts.is_empty() && is_straight(path) && self.patterns.at(path).is_ok()
    }
}

/// Tells whether a path is what it looks like: no part of it goes up, nor stands for another character that parts paths.
fn is_straight(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let tricks = ["//", "\\", "%2e", "%2f", "%5c"];
    !tricks.iter().any(|trick| lower.contains(trick))
        && !path.split('/').any(|part| part == "." || part == "..")
}

impl fmt::Debug for Exempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_exempt() {
        let mut exempt = Exempt::default();
        assert!(!exempt.has("/hooks"));
        for pattern in ["/hooks", "/hooks/{*rest}", "/api/{version}/in"] {
            exempt.add(pattern).unwrap();
        }
        for path in ["/hooks", "/hooks/stripe", "/hooks/a/b", "/api/2/in"] {
            assert!(exempt.has(path), "{path}");
        }
        for path in [
            "/",
            "/hooksx",
            "/Hooks",
            "/hooks/../account",
            "/hooks/%2e%2E/account",
            "/hooks/a//b",
            "/hooks/a%2fb",
            "/hooks/a%5c..%5cb",
            "/hooks/.",
            "/api/2/3/in",
            "/api/2/in/more",
        ] {
            assert!(!exempt.has(path), "{path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_message() {
        let mut exempt = Exempt::default();
        for pattern in ["", "hooks", "/{a}{b}", "/{*rest}/more"] {
            let message = exempt.add(pattern).unwrap_err().to_string();
            assert!(message.contains(&format!("{pattern:?}")), "{message}");
        }
    }
}
