use futures_util::FutureExt as _;

use super::*;
use crate::SystemClock;

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let watches = Watches::new(Arc::new(SystemClock));
    let places: Vec<_> = (0..100).map(|n| watches.enter(id(n % 10)).unwrap()).collect();
    assert_eq!(watches.waiting.load(Ordering::SeqCst), 100);
    drop(places);
    assert!(watches.is_empty());
    assert!(watches.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
}

#[test]
fn only_those_are_woken_whose_session_it_is() {
    let watches = Watches::new(Arc::new(SystemClock));
    let (one, other) = (watches.enter(id(1)).unwrap(), watches.enter(id(2)).unwrap());
    watches.ring(id(1));
    assert!(one.rung(Timestamp::MAX).now_or_never().is_some(), "also if it was rung before");
    assert!(one.rung(Timestamp::MAX).now_or_never().is_none(), "once");
    assert!(other.rung(Timestamp::MAX).now_or_never().is_none());
    watches.ears().missed();
    assert!(other.rung(Timestamp::MAX).now_or_never().is_some());
    assert!(!other.is_over());
    watches.end(id(2));
    assert!(other.is_over() && !one.is_over());
}

#[test]
fn no_more_wait_than_there_are_places() {
    let watches = Watches::new(Arc::new(SystemClock));
    let places: Vec<_> = (0..MOST).map(|_| watches.enter(id(1)).unwrap()).collect();
    assert!(watches.enter(id(2)).is_none());
    drop(places);
    assert!(watches.enter(id(2)).is_some());
}
