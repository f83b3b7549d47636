//! A user's sessions over both stores.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use super::Moving;
use super::frozen::Frozen;
use crate::{Listing, Record, Store, StoreError, UserId, UserIndex};

/// Looks that a listing takes while sessions move under it.
const MOST_LOOKS: usize = 32;

/// The user's sessions moved during every look.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the sessions of one user kept moving while they were listed; try again")]
struct Restless;

impl<O: Store, N: Store> UserIndex for Moving<O, N> {
    fn of_user<'a>(&'a self, user: &'a UserId, limit: NonZeroU32) -> Listing<'a> {
        Box::pin(async move {
            for _ in 0..MOST_LOOKS {
                let Some(mut listed) = self.look(user, limit).await? else { continue };
                listed.sort_by_key(|record| std::cmp::Reverse(record.created_at));
                listed.truncate(limit.get() as usize);
                return Ok(listed);
            }
            // Never a list that may lack one.
            Err(StoreError::new(Restless))
        })
    }
}

impl<O: Store, N: Store> Moving<O, N> {
    /// Lists the old store, then the new one: as sessions move only that way, none is missed. `None` if one of the old
    /// ones has moved meanwhile, or was renewed: it may have got another id after the look at where it is now.
    async fn look(
        &self,
        user: &UserId,
        limit: NonZeroU32,
    ) -> Result<Option<Vec<Record>>, StoreError> {
        let (Some(old), Some(new)) = (self.old.user_index(), self.new.user_index()) else {
            return Ok(Some(Vec::new()));
        };
        let old = old.of_user(user, limit).await?;
        let mut records = new.of_user(user, limit).await?;
        let known: BTreeSet<_> = records.iter().map(|record| record.id).collect();
        let ids: Vec<_> =
            old.iter().map(|record| record.id).filter(|id| !known.contains(id)).collect();
        if ids.is_empty() {
            return Ok(Some(records));
        }
        let mut has_moved = false;
        for stored in self.old.load_many(&ids).await.map_err(StoreError::new)? {
            match stored.as_ref().map(Frozen::of) {
                Some(Some(frozen)) => {
                    self.arrive(frozen).await?;
                    has_moved = true;
                }
                // Renewed where it was: its new id was not there yet when that store was listed.
                Some(None) if stored.as_ref().is_some_and(|it| it.user.as_ref() != Some(user)) => {
                    has_moved = true;
                }
                Some(None) => records.extend(stored),
                None => has_moved = true,
            }
        }
        Ok(Some(records).filter(|_| !has_moved))
    }
}
