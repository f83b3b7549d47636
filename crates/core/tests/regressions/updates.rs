//! Values and flash under conflict.

use super::support::*;

#[tokio::test]
async fn a_pull_does_not_lose_what_another_request_pushes() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    browser.visit(|s| s.push("jobs", &1)).await.unwrap().unwrap();
    let puller = browser.begin().await.unwrap();
    let pusher = browser.begin().await.unwrap();
    let pulled = puller.session().pull::<Vec<i32>>("jobs").unwrap().unwrap();
    pusher.session().push("jobs", &2).unwrap();
    let _ = pusher.end(StatusCode::OK).await.unwrap();
    let ended = puller.end(StatusCode::OK).await.is_ok();
    let rest = browser.visit(|s| s.get::<Vec<i32>>("jobs")).await.unwrap().unwrap();
    let rest = rest.unwrap_or_default();
    assert!(
        !ended || pulled.contains(&2) || rest.contains(&2),
        "item 2 is nowhere: {pulled:?} {rest:?}"
    );
}

#[tokio::test]
async fn a_one_time_value_is_pulled_once() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    browser.visit(|s| s.set("oauth_state", "nonce")).await.unwrap().unwrap();
    let (one, two) = (browser.begin().await.unwrap(), browser.begin().await.unwrap());
    let mut took = 0;
    for visit in [one, two] {
        let got = visit.session().pull::<String>("oauth_state").unwrap().is_some();
        took += usize::from(got && visit.end(StatusCode::OK).await.is_ok());
    }
    assert_eq!(took, 1);
}

#[tokio::test]
async fn flash_shows_once_also_after_a_conflict() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    let slow = browser.begin().await.unwrap();
    browser.visit(|s| s.flash("ok", "Saved")).await.unwrap().unwrap();
    let showing = browser.begin().await.unwrap();
    assert!(showing.session().has_flash("ok"));
    slow.session().set("x", &1).unwrap();
    let _ = slow.end(StatusCode::OK).await.unwrap();
    let _ = showing.end(StatusCode::OK).await.unwrap();
    assert!(!browser.visit(|s| s.has_flash("ok")).await.unwrap(), "shown twice");
}

#[tokio::test]
async fn flash_shows_once_also_beside_a_detached_save() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    browser.visit(|s| s.flash("ok", "Saved")).await.unwrap().unwrap();
    let showing = browser.begin().await.unwrap();
    assert!(showing.session().has_flash("ok"));
    let socket = showing.session().detach().unwrap();
    socket.increment("n", 1).unwrap();
    assert_eq!(socket.save().await.unwrap(), Saved::Done);
    let _ = showing.end(StatusCode::OK).await.unwrap();
    assert!(!browser.visit(|s| s.has_flash("ok")).await.unwrap(), "shown twice");
}

#[test]
fn a_closure_may_use_its_session() {
    let (send, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (sessions, _) = house(MemoryStore::new(), |b| b);
            let session = Browser::new(&sessions).begin().await.unwrap().session().clone();
            let inner = session.clone();
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                session.update("total", move |total: &mut usize| {
                    *total =
                        inner.get::<Vec<u8>>("cart").unwrap_or_default().unwrap_or_default().len();
                })
            }));
            let _ = caught;
            let _ = send.send(());
        });
    });
    assert!(
        done.recv_timeout(Duration::from_secs(3)).is_ok(),
        "deadlock: the thread is gone for ever"
    );
}

#[tokio::test]
async fn push_leaves_the_other_items_alone() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    let big = vec![u128::MAX];
    browser.visit(|s| s.set("ids", &big)).await.unwrap().unwrap();
    browser.visit(|s| s.push("ids", &1_u128)).await.unwrap().unwrap();
    let ids = browser.visit(|s| s.get::<Vec<u128>>("ids")).await.unwrap();
    assert_eq!(ids.ok().flatten(), Some(vec![u128::MAX, 1]));
}

#[tokio::test]
async fn push_leaves_fractions_alone() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    let mut x = 0.1_f64;
    let fractions: Vec<f64> = (0..5_000)
        .map(|_| {
            x = (x * 1.618_033_988_749 + 0.137).fract();
            x
        })
        .collect();
    browser.visit(|s| s.set("f", &fractions)).await.unwrap().unwrap();
    let text = browser.visit(|s| s.all()["f"].to_string()).await.unwrap();
    let _ = text;
    let raw = |s: &Session| {
        s.get::<Box<serde_json::value::RawValue>>("f").unwrap().unwrap().get().to_owned()
    };
    let before = browser.visit(raw).await.unwrap();
    browser.visit(|s| s.push("f", &1.0)).await.unwrap().unwrap();
    let after = browser.visit(raw).await.unwrap();
    assert!(after.starts_with(before.trim_end_matches(']')), "stored fractions have changed");
}
