//! The walk over all records: complete, in pages, undisturbed by what comes and goes.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::contract::{Pair, fresh_user, ok, record, with, write};
use crate::{Id, Operation, Outcome, Record, Store, Version, WalkCursor};

/// Many pages of [`PAGE`].
const STANDING: usize = 500;

/// How many records a page should have.
const PAGE: NonZeroU32 = NonZeroU32::new(40).unwrap();

/// How many it may have where a store cannot cut exactly.
const LARGEST_PAGE: usize = 400;

/// More pages than any walk over so few records takes, also among those of other proofs.
const MOST_PAGES: usize = 5_000;

/// Asked only of stores that can be walked over.
pub(super) async fn walk<S: Store>((here, there): Pair<S>) {
    if here.walk().is_none() {
        return;
    }
    let mut standing: Vec<_> =
        (0..STANDING).map(|n| Record { user: (n % 3 == 0).then(fresh_user), ..record() }).collect();
    let creates: Vec<_> = standing.iter().cloned().map(Operation::Create).collect();
    for batch in creates.chunks(100) {
        let outcomes = ok(here.write_many(batch).await);
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied));
    }
    let found = all(&*there, None).await;
    assert_found(&standing, &found);

    // Others come, change and go while somebody walks.
    let changed = standing.split_off(STANDING / 2);
    let traffic = tokio::spawn(traffic(here.clone(), changed.clone()));
    let gone: Vec<_> = (0..20).map(|_| record()).collect();
    for record in &gone {
        assert_eq!(write(&*here, Operation::Create(record.clone())).await, Outcome::Applied);
    }
    let found = all(&*there, Some((&*here, &gone))).await;
    traffic.await.expect("no panic");
    assert_found(&standing, &found);
    for record in &changed {
        assert!(found.contains_key(&record.id), "a record that changed was missed");
    }
    let found = all(&*there, None).await;
    for record in &gone {
        assert!(!found.contains_key(&record.id), "what has gone was found");
    }
}

/// Changes records, and makes and ends others.
async fn traffic<S: Store>(store: Arc<S>, records: Vec<Record>) {
    for record in records {
        let next = with(&record, 2, "changed");
        let replace = Operation::Replace { version: Version::FIRST, next };
        assert_eq!(write(&*store, replace).await, Outcome::Applied);
        let passing = super::contract::record();
        let _ = write(&*store, Operation::Create(passing.clone())).await;
        let _ = write(&*store, Operation::Delete(passing.id)).await;
    }
}

/// Walks to the end; after the first page ends some records, if there are any to end.
async fn all<S: Store>(store: &S, end: Option<(&S, &[Record])>) -> BTreeMap<Id, Record> {
    let mut found = BTreeMap::new();
    let (mut after, mut end): (Option<WalkCursor>, _) = (None, end);
    for _ in 0..MOST_PAGES {
        let walk = store.walk().expect("it had a walk a moment ago");
        let page = ok(walk.page(after.as_ref(), PAGE).await);
        assert!(page.records.len() <= LARGEST_PAGE, "a page of {}", page.records.len());
        found.extend(page.records.into_iter().map(|record| (record.id, record)));
        if let Some((store, records)) = end.take() {
            for record in records {
                assert!(matches!(
                    write(store, Operation::Delete(record.id)).await,
                    Outcome::Removed(_)
                ));
            }
        }
        // What a text carries over to another process leads on there.
        after = page.next.map(|next| WalkCursor::new(next.as_str()));
        if after.is_none() {
            return found;
        }
    }
    panic!("the walk does not end");
}

fn assert_found(expected: &[Record], found: &BTreeMap<Id, Record>) {
    for record in expected {
        assert_eq!(found.get(&record.id), Some(record), "missed, or not as it was written");
    }
}
