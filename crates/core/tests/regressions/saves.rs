//! Saves whose answer is lost or late.

use super::support::*;

#[tokio::test]
async fn a_save_whose_answer_was_lost_is_not_made_twice() {
    let store = Flaky::new(true);
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    let visit = browser.begin().await.unwrap();
    visit.session().increment("paid", 1).unwrap();
    store.arm(1);
    assert!(visit.session().save().await.is_err());
    let response = visit.end(StatusCode::OK).await.unwrap();
    browser.receive(&response);
    let paid = browser.visit(|s| s.get::<i64>("paid")).await.unwrap().unwrap();
    assert_eq!(paid, Some(1));
}

#[tokio::test]
async fn a_renewal_whose_answer_was_lost_keeps_the_session() {
    let store = Flaky::new(true);
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    let visit = browser.begin().await.unwrap();
    visit.session().renew().unwrap();
    store.arm(1);
    assert!(visit.session().save().await.is_err());
    let response = visit.end(StatusCode::OK).await.unwrap();
    browser.receive(&response);
    assert!(alive(&browser).await, "neither id is valid");
}

#[tokio::test]
async fn a_saved_renewal_survives_an_error_at_the_end() {
    let (sessions, _) = house(MemoryStore::new(), |b| b);
    let mut browser = started(&sessions).await;
    let pending = browser.pending();
    let session = pending.load().await.unwrap();
    session.renew().unwrap();
    assert_eq!(session.save().await.unwrap(), Saved::Done);
    session.set("big", &"x".repeat(300_000)).unwrap();
    let Finish::Commit(commit) = pending.finish(StatusCode::OK) else {
        panic!("there is more to save")
    };
    let (head, result) = commit.await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TooLarge);
    let mut headers = HeaderMap::new();
    head.apply(&mut headers);
    browser.receive(&Response { headers });
    assert!(alive(&browser).await, "old id dead, new id never told: neither is valid");
}

/// A store whose write number `n` waits at a gate before it is applied (or after).
#[derive(Clone)]
struct Gated {
    store: MemoryStore,
    closed: Arc<AtomicBool>,
    gate: Arc<tokio::sync::Semaphore>,
    after: bool,
}

impl Store for Gated {
    type Error = MemoryFull;
    async fn load(&self, id: &Id) -> Result<Option<Record>, MemoryFull> {
        self.store.load(id).await
    }
    async fn write(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
        let wait = self.closed.swap(false, Ordering::SeqCst);
        let early = if self.after { Some(self.store.write(operation).await) } else { None };
        if wait {
            self.gate.acquire().await.unwrap().forget();
        }
        match early {
            Some(outcome) => outcome,
            None => self.store.write(operation).await,
        }
    }
    fn gathers(&self) -> bool {
        false
    }
}

fn gated(after: bool) -> Gated {
    Gated {
        store: MemoryStore::new(),
        closed: Arc::default(),
        gate: Arc::new(tokio::sync::Semaphore::new(0)),
        after,
    }
}

#[tokio::test]
async fn a_save_under_way_at_the_end_is_not_made_twice() {
    let store = gated(true);
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    let visit = browser.begin().await.unwrap();
    let session = visit.session().clone();
    session.increment("n", 1).unwrap();
    store.closed.store(true, Ordering::SeqCst);
    let saving = tokio::spawn(async move { session.save().await });
    tokio::task::yield_now().await;
    let end = tokio::spawn(visit.end(StatusCode::OK));
    tokio::task::yield_now().await;
    store.gate.add_permits(1);
    let _ = saving.await.unwrap();
    end.await.unwrap().unwrap();
    let n = browser.visit(|s| s.get::<i64>("n")).await.unwrap().unwrap();
    assert_eq!(n, Some(1));
}

#[tokio::test]
async fn a_renewal_under_way_at_the_end_is_told() {
    let store = gated(true);
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    let visit = browser.begin().await.unwrap();
    let session = visit.session().clone();
    session.renew().unwrap();
    store.closed.store(true, Ordering::SeqCst);
    let saving = tokio::spawn(async move { session.save().await });
    tokio::task::yield_now().await;
    let end = tokio::spawn(visit.end(StatusCode::OK));
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    store.gate.add_permits(1);
    let response = end.await.unwrap().unwrap();
    let _ = saving.await.unwrap();
    browser.receive(&response);
    assert!(alive(&browser).await, "old id dead, new id never told");
}
