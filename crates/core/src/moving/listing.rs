//! A user's sessions over both stores.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use super::Moving;
use super::frozen::Frozen;
use crate::{Listing, Record, Store, StoreError, UserId, UserIndex};

/// Looks that a listing takes while sessions move under it.
const MOST_LOOKS: usize = 16;

impl<O: Store, N: Store> UserIndex for Moving<O, N> {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        Box::pin(async move {
            let mut listed = Vec::new();
            for _ in 0..MOST_LOOKS {
                let (records, has_moved) = self.look(user, limit).await?;
                listed = records;
                if !has_moved {
                    break;
                }
            }
            listed.sort_by_key(|record| std::cmp::Reverse(record.created_at));
            listed.truncate(limit.get() as usize);
            Ok(listed)
        })
    }
}

impl<O: Store, N: Store> Moving<O, N> {
    /// Lists the old store, then the new one: as sessions move only that way, none is missed. Tells also whether one of
    /// the old ones has moved meanwhile; it may have got another id there, after the look at the new store.
    async fn look(
        &self,
        user: &UserId,
        limit: NonZeroU32,
    ) -> Result<(Vec<Record>, bool), StoreError> {
        let (Some(old), Some(new)) = (self.old.user_index(), self.new.user_index()) else {
            return Ok((Vec::new(), false));
        };
        let old = old.of_user(user, limit).await?;
        let mut records = new.of_user(user, limit).await?;
        let known: BTreeSet<_> = records.iter().map(|record| record.id).collect();
        let ids: Vec<_> =
            old.iter().map(|record| record.id).filter(|id| !known.contains(id)).collect();
        if ids.is_empty() {
            return Ok((records, false));
        }
        let mut has_moved = false;
        for stored in self.old.load_many(&ids).await.map_err(StoreError::new)? {
            match stored.as_ref().map(Frozen::of) {
                Some(Some(frozen)) => {
                    self.arrive(frozen).await?;
                    has_moved = true;
                }
                Some(None) => records.extend(stored.filter(|record| record.user.as_ref() == Some(user))),
                None => has_moved = true,
            }
        }
        Ok((records, has_moved))
    }
}
