//! A walk over both stores: the old one first, as sessions move only from there to the new one.

use std::num::NonZeroU32;

use super::Moving;
use super::frozen::Frozen;
use crate::{LostPlace, Record, Store, StoreError, Walk, WalkCursor, WalkPage, Walking};

/// How places in each store are marked.
const OLD: &str = "old ";
const NEW: &str = "new ";

impl<O: Store, N: Store> Walk for Moving<O, N> {
    fn page<'a>(&'a self, after: Option<&'a WalkCursor>, limit: NonZeroU32) -> Walking<'a> {
        Box::pin(async move {
            let place = after.map_or(OLD, WalkCursor::as_str);
            if let Some(place) = place.strip_prefix(OLD) {
                return self.old_page(inner(place).as_ref(), limit).await;
            }
            let lost = || LostPlace::new(&WalkCursor::new(place));
            let place = place.strip_prefix(NEW).ok_or_else(lost).map_err(StoreError::new)?;
            let store = self.new.walk().ok_or_else(no_walk)?;
            let WalkPage { records, next } = store.page(inner(place).as_ref(), limit).await?;
            Ok(WalkPage { records, next: next.map(|next| mark(NEW, &next)) })
        })
    }
}

impl<O: Store, N: Store> Moving<O, N> {
    async fn old_page(
        &self,
        after: Option<&WalkCursor>,
        limit: NonZeroU32,
    ) -> Result<WalkPage, StoreError> {
        let store = self.old.walk().ok_or_else(no_walk)?;
        let WalkPage { records, next } = store.page(after, limit).await?;
        let (frozen, mut records): (Vec<Record>, Vec<_>) =
            records.into_iter().partition(|stored| Frozen::of(stored).is_some());
        // What is on its way arrives, as for anybody who meets it.
        let ids: Vec<_> = frozen.iter().map(|stored| stored.id).collect();
        if !ids.is_empty() {
            records.extend(self.load_many(&ids).await?.into_iter().flatten());
        }
        // An empty mark is where the new store begins.
        let next = next.map_or_else(|| WalkCursor::new(NEW), |next| mark(OLD, &next));
        Ok(WalkPage { records, next: Some(next) })
    }
}

fn mark(store: &str, cursor: &WalkCursor) -> WalkCursor {
    WalkCursor::new(format!("{store}{}", cursor.as_str()))
}

fn inner(place: &str) -> Option<WalkCursor> {
    (!place.is_empty()).then(|| WalkCursor::new(place))
}

/// A store that cannot be walked over.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the old store and the new one must be such that all records can be found (`Store::walk`)")]
struct NoWalk;

pub(super) fn no_walk() -> StoreError {
    StoreError::new(NoWalk)
}
