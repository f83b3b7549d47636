//! Finds our cookie among others in the `Cookie` header. Our own few lines, because this is the hot path of every
//! request and other people's rubbish must not cost us an allocation: one pass, linear, nothing is decoded.

/// Most cookies of our name that are looked at; browsers send more only when somebody plants them.
pub(crate) const MOST_CANDIDATES: usize = 8;

/// Returns the values of all cookies named exactly `name`, quotes removed, in order.
pub(crate) fn values_of<'h>(header: &'h [u8], name: &str) -> impl Iterator<Item = &'h [u8]> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        while let Some(header) = rest {
            let pair = match memchr::memchr(b';', header) {
                Some(end) => {
                    rest = Some(&header[end + 1..]);
                    &header[..end]
                }
                None => {
                    rest = None;
                    header
                }
            };
            let value = pair.trim_ascii().strip_prefix(name.as_bytes());
            if let Some(value) = value.and_then(|value| value.strip_prefix(b"=")) {
                return Some(unquote(value));
            }
        }
        None
    })
}

fn unquote(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(header: &str) -> Vec<&str> {
        values_of(header.as_bytes(), "session")
            .map(|value| std::str::from_utf8(value).unwrap())
            .collect()
    }

    #[test]
    fn ours_is_found_among_a_hundred_others_and_rubbish() {
        let mut header: String = (0..100).map(|n| format!("c{n}=v{n}; ")).collect();
        header.push_str(";;; =; ==; \"; session =x; ses\u{fe}sion=y;session=ours;x=session=z");
        assert_eq!(values(&header), ["ours"]);
    }

    #[test]
    fn names_are_compared_byte_for_byte() {
        for header in
            ["Session=x", "xsession=x", "sessionx=x", "=session=x", "session", "s%65ssion=x"]
        {
            assert!(values(header).is_empty(), "{header}");
        }
    }

    #[test]
    fn quoted_empty_and_repeated_values() {
        assert_eq!(values("session=\"a\"; session=; session=\"; session=b"), ["a", "", "\"", "b"]);
    }
}
