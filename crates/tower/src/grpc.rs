//! gRPC's errors, which come with the status 200.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Returns the status by which the end of a request is judged: HTTP's own, or what stands in HTTP for the failure of the
/// server that gRPC tells of. What the client did wrong is no failure here, just as a 4xx is none.
pub(crate) fn judged(status: StatusCode, headers: &HeaderMap) -> StatusCode {
    // The codes are those of `google.rpc.Code`, and so is what they are in HTTP.
    match headers.get(GRPC_STATUS).map(HeaderValue::as_bytes) {
        // Cancelled: somebody cut the handler off. There HTTP has no status for it, and timeout layers answer this one.
        Some(b"1") => StatusCode::REQUEST_TIMEOUT,
        // Unknown, internal, data loss.
        Some(b"2" | b"13" | b"15") => StatusCode::INTERNAL_SERVER_ERROR,
        // Deadline exceeded.
        Some(b"4") => StatusCode::GATEWAY_TIMEOUT,
        // Unimplemented.
        Some(b"12") => StatusCode::NOT_IMPLEMENTED,
        // Unavailable.
        Some(b"14") => StatusCode::SERVICE_UNAVAILABLE,
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_server_in_grpc_is_one_here() {
        let table = [
            (None, 200),
            (Some("0"), 200),
            (Some("1"), 408),
            (Some("2"), 500),
            (Some("3"), 200),
            (Some("4"), 504),
            (Some("5"), 200),
            (Some("7"), 200),
            (Some("12"), 501),
            (Some("13"), 500),
            (Some("14"), 503),
            (Some("15"), 500),
            (Some("16"), 200),
            (Some("nonsense"), 200),
        ];
        for (code, expected) in table {
            let headers = code.map(|code| (GRPC_STATUS, code.parse().unwrap()));
            let judged = judged(StatusCode::OK, &headers.into_iter().collect());
            assert_eq!(judged.as_u16(), expected, "{code:?}");
        }
    }

    #[test]
    fn a_failure_in_http_stays_one() {
        let fine = [(GRPC_STATUS, "0".parse().unwrap())].into_iter().collect();
        assert_eq!(judged(StatusCode::BAD_GATEWAY, &fine), StatusCode::BAD_GATEWAY);
    }
}
