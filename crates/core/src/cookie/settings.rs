//! What the cookie looks like, and which combinations browsers would refuse.

use cookie::Cookie;

use crate::ConfigError;

/// When browsers send the cookie with requests that other sites cause (RFC 6265bis, section 5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// With links to us, not with forms or images of other sites. The default.
    #[default]
    Lax,
    /// Always; needs `Secure`. For applications that run in other sites' frames.
    None,
    /// Never; a visitor who follows a link to us arrives signed out.
    Strict,
}

/// The session cookie's name and attributes. `HttpOnly` always, `Secure` unless
/// [`insecure_http`](crate::SessionsBuilder::insecure_http), and the `__Host-` prefix wherever the rules allow it.
///
/// Contradictions are refused by [`SessionsBuilder::build`](crate::SessionsBuilder::build), with a message.
///
/// ```
/// use cloakroom_core::{CookieSettings, SameSite};
///
/// let shared_by_subdomains = CookieSettings::new("session").domain("example.org").without_host_prefix();
/// let strict = CookieSettings::new("admin").same_site(SameSite::Strict);
/// ```
#[derive(Clone, Debug)]
pub struct CookieSettings {
    name: String,
    path: String,
    domain: Option<String>,
    same_site: SameSite,
    host_prefix: bool,
    partitioned: bool,
    pub(super) persistent: bool,
}

impl Default for CookieSettings {
    fn default() -> Self {
        Self::new("session")
    }
}

impl CookieSettings {
    /// Names the cookie, without prefix. The default is `session`, on the wire `__Host-session`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: "/".to_owned(),
            domain: None,
            same_site: SameSite::Lax,
            host_prefix: true,
            partitioned: false,
            persistent: false,
        }
    }

    /// Limits the cookie to a path and what is below. Default `/`. Needs
    /// [`without_host_prefix`](Self::without_host_prefix). A path is no wall between applications of one host.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Shares the cookie with all subdomains of `domain`. Default: this host alone. Needs
    /// [`without_host_prefix`](Self::without_host_prefix).
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets when other sites' requests carry the cookie. Default [`SameSite::Lax`].
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Uses the prefix `__Secure-` instead of `__Host-`, which a path or a domain rules out. Sibling hosts can then
    /// set a cookie of this name (ASVS 3.3.3).
    #[must_use]
    pub fn without_host_prefix(mut self) -> Self {
        self.host_prefix = false;
        self
    }

    /// Keeps one cookie jar for each top-level site that embeds us (CHIPS). Default off.
    #[must_use]
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Makes browsers keep the cookie when they are closed, until the session's absolute deadline (`Max-Age`).
    /// Default off: only sessions with an absolute lifetime of their own, "remember me", are kept.
    #[must_use]
    pub fn persistent(mut self) -> Self {
        self.persistent = true;
        self
    }

    /// Returns the name with the prefix that the settings allow, or what contradicts.
    pub(super) fn full_name(&self, secure: bool) -> Result<String, ConfigError> {
        self.check(secure)?;
        let prefix = match (secure, self.host_prefix) {
            (false, _) => "",
            (true, false) => "__Secure-",
            (true, true) => "__Host-",
        };
        Ok(format!("{prefix}{}", self.name))
    }

    fn check(&self, secure: bool) -> Result<(), ConfigError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let lower = self.name.to_ascii_lowercase();
        let prefixed = lower.starts_with("__host-") || lower.starts_with("__secure-");
        if prefixed || !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(token) {
            return Err(ConfigError::InvalidName(self.name.clone()));
        }
        let printable = |byte: u8| (b'!'..=b'~').contains(&byte) && byte != b';' && byte != b',';
        let invalid = |text: &String, what| ConfigError::InvalidAttribute(text.clone(), what);
        if !self.path.starts_with('/')
            || self.path.len() > 1024
            || !self.path.bytes().all(printable)
        {
            return Err(invalid(&self.path, "path"));
        }
        if let Some(domain) = &self.domain {
            let host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
            if domain.is_empty() || domain.len() > 253 || !domain.bytes().all(host) {
                return Err(invalid(domain, "domain"));
            }
        }
        if self.host_prefix && secure {
            if let Some(domain) = &self.domain {
                return Err(ConfigError::HostPrefixWithDomain(domain.clone()));
            }
            if self.path != "/" {
                return Err(ConfigError::HostPrefixWithPath(self.path.clone()));
            }
        }
        if !secure && self.same_site == SameSite::None {
            return Err(ConfigError::SameSiteNoneWithoutSecure);
        }
        if !secure && self.partitioned {
            return Err(ConfigError::PartitionedWithoutSecure);
        }
        Ok(())
    }

    pub(super) fn build<'a>(&'a self, name: &'a str, secure: bool) -> Cookie<'a> {
        let mut cookie =
            Cookie::build((name, "")).http_only(true).secure(secure).path(&*self.path).same_site(
                match self.same_site {
                    SameSite::Lax => cookie::SameSite::Lax,
                    SameSite::None => cookie::SameSite::None,
                    SameSite::Strict => cookie::SameSite::Strict,
                },
            );
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(&**domain);
        }
        if self.partitioned {
            cookie = cookie.partitioned(true);
        }
        cookie.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(settings: &CookieSettings, secure: bool) -> String {
        settings.full_name(secure).unwrap_err().to_string()
    }

    #[test]
    fn contradictions_are_refused_with_a_message() {
        let default = CookieSettings::default;
        assert!(refusal(&default().domain("example.org"), true).contains("without_host_prefix"));
        assert!(refusal(&default().path("/shop"), true).contains("without_host_prefix"));
        assert!(refusal(&default().same_site(SameSite::None), false).contains("Secure"));
        assert!(refusal(&default().partitioned(), false).contains("Secure"));
    }

    #[test]
    fn what_could_break_the_header_is_refused() {
        for name in ["", "a b", "a=b", "a;b", "a\r\nb", "é", "__Host-x", "__secure-x"] {
            refusal(&CookieSettings::new(name), true);
        }
        for path in ["", "shop", "/a;b", "/a\r\nSet-Cookie: x=y", "/é"] {
            refusal(&CookieSettings::default().without_host_prefix().path(path), true);
        }
        for domain in ["", "a;b", "a\n", "exa mple.org"] {
            refusal(&CookieSettings::default().without_host_prefix().domain(domain), true);
        }
    }

    #[test]
    fn the_prefix_follows_from_the_settings() {
        let name = |settings: CookieSettings, secure| settings.full_name(secure).unwrap();
        assert_eq!(name(CookieSettings::default(), true), "__Host-session");
        assert_eq!(name(CookieSettings::default().without_host_prefix(), true), "__Secure-session");
        assert_eq!(name(CookieSettings::default(), false), "session");
    }
}
