//! The rules as tables. The first is that of Go 1.25, `src/net/http/csrf_test.go`, in our own words.

use http::HeaderValue;

use super::*;

fn request(site: &str, origin: &str) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("example.com"))]);
    for (name, value) in [(SEC_FETCH_SITE, site), (ORIGIN, origin)] {
        if !value.is_empty() {
            headers.insert(name, value.parse().unwrap());
        }
    }
    headers
}

fn passes(policy: &CrossOrigin, method: &Method, path: &str, headers: &HeaderMap) -> bool {
    policy.check(method, &path.parse().unwrap(), headers).is_ok()
}

#[test]
fn the_headers_decide() {
    let policy = CrossOrigin::new();
    for (site, origin, expected) in [
        ("same-origin", "", true),
        ("none", "", true),
        ("cross-site", "", false),
        ("same-site", "", false),
        ("", "", true),
        ("", "https://example.com", true),
        ("", "http://example.com", true),
        ("", "https://EXAMPLE.com", true),
        ("", "https://attacker.example", false),
        ("", "https://example.com:8443", false),
        ("", "https://example.com.attacker.example", false),
        ("", "https://attacker.example/example.com", false),
        ("", "https://attacker@example.com", false),
        ("", "null", false),
        ("", "https://", false),
        ("", "example.com", false),
        // The newer header is believed, whatever the older one says.
        ("same-origin", "https://attacker.example", true),
        ("cross-site", "https://example.com", false),
        ("anything else", "https://example.com", false),
        ("Same-Origin", "", false),
    ] {
        let headers = request(site, origin);
        let got = passes(&policy, &Method::POST, "/", &headers);
        assert_eq!(got, expected, "{site:?} {origin:?}");
    }
}

#[test]
fn safe_methods_pass_and_all_others_are_checked() {
    let (policy, foreign) = (CrossOrigin::new(), request("cross-site", "https://attacker.example"));
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        assert!(passes(&policy, &method, "/", &foreign), "{method}");
    }
    let others = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE];
    for method in others.into_iter().chain([Method::CONNECT, "PROPFIND".parse().unwrap()]) {
        assert!(!passes(&policy, &method, "/", &foreign), "{method}");
    }
}

#[test]
fn a_websocket_is_opened_by_our_own_pages_only() {
    for (origin, expected) in [("https://example.com", true), ("https://attacker.example", false)] {
        let mut headers = request("", origin);
        headers.insert(UPGRADE, HeaderValue::from_static("h2c, WebSocket"));
        let got = passes(&CrossOrigin::new(), &Method::GET, "/", &headers);
        assert_eq!(got, expected, "{origin}");
    }
}

#[test]
fn trusted_origins_pass_and_their_neighbours_do_not() {
    let policy = CrossOrigin::new().trust_origin("https://Trusted.example:443").unwrap();
    for (site, origin, expected) in [
        ("cross-site", "https://trusted.example", true),
        ("", "https://trusted.example", true),
        ("same-site", "https://trusted.example", true),
        ("cross-site", "http://trusted.example", false),
        ("cross-site", "https://trusted.example:8443", false),
        ("cross-site", "https://sub.trusted.example", false),
        ("cross-site", "null", false),
        ("cross-site", "", false),
    ] {
        let got = passes(&policy, &Method::POST, "/", &request(site, origin));
        assert_eq!(got, expected, "{site:?} {origin:?}");
    }
}

#[test]
fn exempt_paths_pass() {
    let policy = CrossOrigin::new().exempt("/hooks/{*rest}").unwrap();
    let foreign = request("cross-site", "https://attacker.example");
    assert!(passes(&policy, &Method::POST, "/hooks/stripe", &foreign));
    assert!(!passes(&policy, &Method::POST, "/hooks", &foreign));
    assert!(!passes(&policy, &Method::POST, "/hooks/../account", &foreign));
}

#[test]
fn the_host_of_the_target_counts_before_the_header() {
    let headers = request("", "https://www.example.com");
    let policy = CrossOrigin::new();
    assert!(!passes(&policy, &Method::POST, "/", &headers));
    assert!(passes(&policy, &Method::POST, "https://www.example.com/", &headers));
    let no_host = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("https://"))]);
    assert!(!passes(&policy, &Method::POST, "/", &no_host));
}

#[test]
fn headers_that_come_twice_are_not_believed() {
    let mut headers = request("same-origin", "");
    headers.append(SEC_FETCH_SITE, HeaderValue::from_static("cross-site"));
    assert!(!passes(&CrossOrigin::new(), &Method::POST, "/", &headers));
    let mut headers = request("", "https://example.com");
    headers.append(ORIGIN, HeaderValue::from_static("https://attacker.example"));
    assert!(!passes(&CrossOrigin::new(), &Method::POST, "/", &headers));
}

#[test]
fn what_is_no_origin_is_refused_with_a_message() {
    for origin in [
        "",
        "null",
        "*",
        "example.com",
        "https://",
        "https://example.com/",
        "https://example.com/path",
        "https://example.com?query",
        "https://user@example.com",
        "https://*.example.com",
        "https://example.com:",
        "https://example.com:65536",
        "1https://example.com",
    ] {
        let error = CrossOrigin::new().trust_origin(origin).unwrap_err();
        assert!(error.to_string().contains(&format!("{origin:?}")), "{error}");
    }
    for origin in ["https://example.com", "http://[::1]:8080", "app+x://example"] {
        assert!(CrossOrigin::new().trust_origin(origin).is_ok(), "{origin}");
    }
}

#[test]
fn a_refusal_says_what_was_sent_and_what_helps() {
    let refuse = |site, origin| {
        let uri = "/".parse().unwrap();
        CrossOrigin::new().check(&Method::POST, &uri, &request(site, origin)).unwrap_err()
    };
    let text = refuse("cross-site", "https://other.example").to_string();
    for part in ["Sec-Fetch-Site: cross-site", r#"trust_origin("https://other.example")"#] {
        assert!(text.contains(part), "{text}");
    }
    let text = refuse("", "https://other.example").to_string();
    assert!(text.contains("example.com") && text.contains("Host header"), "{text}");
    assert!(!refuse("", "null").to_string().contains("trust_origin"));
    let long = refuse("", &"\"<b>".repeat(1_000));
    assert!(long.to_string().len() < 1_500);
    let answer = long.answer();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.extensions().get::<CrossOriginRefusal>().is_some());
}
