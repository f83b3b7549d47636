//! What a browser calls itself, in words.

use woothee::parser::Parser;

/// Returns a name such as "Firefox on Linux" for a `User-Agent`.
#[must_use]
pub fn name(user_agent: Option<&str>) -> String {
    const UNKNOWN: &str = "UNKNOWN";
    let Some(found) = user_agent.and_then(|text| Parser::new().parse(text)) else {
        return "Unknown browser".to_owned();
    };
    let system = match found.os {
        "Mac OSX" => "macOS",
        // Windows 11 says that it is 10.
        windows if windows.starts_with("Windows") => "Windows",
        system => system,
    };
    match (found.name, system) {
        (UNKNOWN, UNKNOWN) => "Unknown browser".to_owned(),
        (UNKNOWN, system) => format!("Unknown browser on {system}"),
        (browser, UNKNOWN) => browser.to_owned(),
        (browser, system) => format!("{browser} on {system}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_names_that_people_know() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("<script>alert(1)</script>", "Unknown browser"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(name(Some(agent)), expected, "{agent}");
        }
        assert_eq!(name(None), "Unknown browser");
    }
}
