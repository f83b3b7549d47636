//! A path on this very site: where a visitor may be sent back to.

use std::fmt;

use http::Uri;
use serde::{Deserialize, Serialize};

/// Longest path that is kept, in bytes, query included.
const LONGEST: usize = 2_048;

/// The parameter of a sign-in page's query that says where the visitor wanted to go.
const NEXT: &str = "next";

/// A path, perhaps with a query, that no browser takes for another site's: for redirects to where a request says. Parsed,
/// so that nobody can make it lead elsewhere (open redirect).
///
/// It begins with one slash, has at most 2,048 bytes of visible ASCII, no backslash, and no part that is `.` or `..`, plain or
/// encoded. So `//evil.example`, `https:evil.example`, `/\evil.example` and whatever hides a tab or a line end are none.
///
/// ```
/// use cloakroom_core::LocalPath;
///
/// let next = LocalPath::parse("/checkout?step=2").unwrap_or_default();
/// assert_eq!(next.as_str(), "/checkout?step=2");
/// assert_eq!(LocalPath::parse("//evil.example").unwrap_or_default().as_str(), "/");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalPath(String);

/// What was given is no [`LocalPath`]. Quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path on this site: it must begin with one slash and be plain")]
pub struct ParseLocalPathError;

impl LocalPath {
    /// Reads a path. `None` if a browser could take it for another site's, or it is no path at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Browsers read `//host` and `/\host` as another host, and drop tabs and line ends before they look.
        let local = text.starts_with('/') && !text[1..].starts_with('/');
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let straight = !text.split(['?', '#']).next()?.split('/').any(is_dots);
        (local && plain && straight && text.len() <= LONGEST).then(|| Self(text.to_owned()))
    }

    /// Returns the place of a request, its query included; `/` if that is not somewhere to send people.
    #[must_use]
    pub fn of(uri: &Uri) -> Self {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Self::parse(path).unwrap_or_default()
    }

    /// Returns where a visitor of a sign-in page wanted to go: the parameter `next` of the query, which
    /// [`Guard::or_sign_in_at`](crate::Guard::or_sign_in_at) puts there. `None` if there is none, or it leads elsewhere.
    ///
    /// ```
    /// use cloakroom_core::LocalPath;
    ///
    /// let next = |uri: &str| LocalPath::next_of(&uri.parse().unwrap());
    /// assert_eq!(next("/sign-in?next=%2Fcheckout").unwrap().as_str(), "/checkout");
    /// assert_eq!(next("/sign-in?next=%2F%2Fevil.example"), None);
    /// ```
    #[must_use]
    pub fn next_of(uri: &Uri) -> Option<Self> {
        Self::next_in(uri.query()?)
    }

    /// Does the same as [`next_of`](Self::next_of) with the query alone, as it stands in the request, without the question mark:
    /// for frameworks whose `Uri` is not that of `http` 1.
    ///
    /// ```
    /// use cloakroom_core::LocalPath;
    ///
    /// assert_eq!(LocalPath::next_in("page=2&next=%2Fcheckout").unwrap().as_str(), "/checkout");
    /// ```
    #[must_use]
    pub fn next_in(query: &str) -> Option<Self> {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (_, next) = pairs.find(|(name, _)| name == NEXT)?;
        Self::parse(&next)
    }

    /// Returns the address of the sign-in page at `page`, with this path in its query for
    /// [`next_of`](Self::next_of).
    ///
    /// ```
    /// use cloakroom_core::LocalPath;
    ///
    /// let cart = LocalPath::parse("/cart?n=1").unwrap();
    /// assert_eq!(cart.wanted_at("/sign-in"), "/sign-in?next=%2Fcart%3Fn%3D1");
    /// ```
    #[must_use]
    pub fn wanted_at(&self, page: &str) -> String {
        Self::parse(page).unwrap_or_default().leading_to(self)
    }

    /// Returns this path with `next` in its query, as text for a `Location` header.
    pub(crate) fn leading_to(&self, next: &Self) -> String {
        let (path, fragment) = match self.0.split_once('#') {
            Some((path, fragment)) => (path, format!("#{fragment}")),
            None => (self.as_str(), String::new()),
        };
        let sign = if path.contains('?') { '&' } else { '?' };
        let value: String = form_urlencoded::byte_serialize(next.0.as_bytes()).collect();
        format!("{path}{sign}{NEXT}={value}{fragment}")
    }

    /// Returns the path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Tells whether a part of a path means this or the one above.
fn is_dots(part: &str) -> bool {
    let plain = part.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

impl Default for LocalPath {
    /// The front page: `/`.
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
    type Error = ParseLocalPathError;

    fn try_from(text: String) -> Result<Self, ParseLocalPathError> {
        Self::parse(&text).ok_or(ParseLocalPathError)
    }
}

impl From<LocalPath> for String {
    fn from(path: LocalPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn only_paths_on_this_site_are_paths() {
        for path in
            ["/", "/cart", "/?kind=hats", "/a/b.c?d=//e&f=..#g", "/a//b", "/%09/evil.example"]
        {
            assert!(LocalPath::parse(path).is_some(), "{path:?}");
        }
        for elsewhere in [
            "",
            "cart",
            "?next",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/ /evil.example",
            "/\u{a0}/evil.example",
            "/\u{2028}/evil.example",
            "/\0/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/a/..//evil.example",
            "/%2E//evil.example",
            "/a/.%2e",
            "https://evil.example",
            "https:evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "@evil.example",
            ":80",
            ".evil.example",
        ] {
            assert_eq!(LocalPath::parse(elsewhere), None, "{elsewhere:?}");
        }
        assert!(LocalPath::parse(&format!("/{}", "a".repeat(LONGEST - 1))).is_some());
        assert!(LocalPath::parse(&format!("/{}", "a".repeat(LONGEST))).is_none());
    }

    #[test]
    fn what_was_wanted_comes_back_from_the_query() {
        for (page, next, location) in [
            ("/sign-in", "/a?b=c&d=%20", "/sign-in?next=%2Fa%3Fb%3Dc%26d%3D%2520"),
            ("/in?now", "/", "/in?now&next=%2F"),
            ("/in#form", "/a#b", "/in?next=%2Fa%23b#form"),
        ] {
            let [page, next] = [page, next].map(|text| LocalPath::parse(text).unwrap());
            assert_eq!(page.leading_to(&next), location);
            assert_eq!(LocalPath::next_of(&location.parse().unwrap()), Some(next));
        }
        let both = "/sign-in?next=%2F%2Fevil.example&next=%2Fcart".parse().unwrap();
        assert_eq!(LocalPath::next_of(&both), None);
    }

    fn stays(text: &str) {
        let Some(path) = LocalPath::parse(text) else { return };
        let base = Url::parse("https://shop.example/sign-in").unwrap();
        let url = base.join(path.as_str()).unwrap();
        assert_eq!(url.origin(), base.origin(), "{path}");
        // Also if somebody takes the path out again, and redirects to that.
        assert_eq!(base.join(url.path()).unwrap().origin(), base.origin(), "{path}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn no_path_leaves_the_site(text in r"[/\\.:@?#%a2e9\t\n \u{a0}h]{0,12}", rest in "(evil[.]example)?") {
            stays(&format!("{text}{rest}"));
        }

        #[test]
        fn no_text_at_all_leaves_the_site(text in "/\\PC{0,20}") {
            stays(&text);
        }
    }
}
