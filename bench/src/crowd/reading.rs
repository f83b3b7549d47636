//! Visitors who come now and then, in process: `/read` without HTTP.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::places::House;

/// At leisure: so many visitors, each with a pause between two requests.
const SOME: usize = 16;
const PAUSE: Duration = Duration::from_millis(5);

/// A large odd step visits all of them in no order that a cache likes.
pub(super) const STEP: usize = 2_654_435_761;

/// Reads now and then until `done`, at most for `life`; returns how long each took.
pub(super) async fn read_at_leisure(
    house: &House,
    done: &AtomicBool,
    life: Duration,
) -> Vec<Duration> {
    let (place, began) = (AtomicUsize::new(0), Instant::now());
    let readers = (0..SOME).map(|_| async {
        let mut times = Vec::new();
        while began.elapsed() < life && !done.load(Ordering::Relaxed) {
            let at = Instant::now();
            read(house, &place).await;
            times.push(at.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        times
    });
    join_all(readers).await.concat()
}

pub(super) fn percentile(mut times: Vec<Duration>, part: f64) -> Duration {
    times.sort_unstable();
    let place = (times.len() as f64 * part) as usize;
    times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

async fn read(house: &House, place: &AtomicUsize) {
    let n = place.fetch_add(STEP, Ordering::Relaxed) % house.cookies.len();
    let cookie: HeaderValue = house.cookies[n].clone();
    let headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
    let pending = house.sessions.pending(&headers);
    let session = pending.load().await.expect("the store works");
    assert_eq!(session.get::<u32>("n").expect("a number"), Some(1), "a session is missing");
    drop(pending.finish(StatusCode::OK));
}
