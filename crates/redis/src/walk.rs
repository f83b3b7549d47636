//! The walk over all sessions: `SCAN`, on each master of a cluster in turn.

use std::num::NonZeroU32;

use cloakroom_core::{Id, LostPlace, StoreError, WalkCursor, WalkPage};
use redis::Value;

use crate::RedisError;
use crate::master::Master;
use crate::store::Inner;

/// Where a walk is: on which node of a cluster (none where there is but one server), and where there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    node: Option<String>,
    cursor: u64,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (node, cursor) = text.rsplit_once(' ')?;
        let node = (!node.is_empty()).then(|| node.to_owned());
        Some(Self { node, cursor: cursor.parse().ok()? })
    }

    fn cursor(&self) -> WalkCursor {
        let node = self.node.as_deref().unwrap_or_default();
        WalkCursor::new(format!("{node} {}", self.cursor))
    }
}

impl Inner {
    /// Scans on. Pages may be empty, also where others share the server: the work of a page is bounded, not its yield.
    pub(crate) async fn page(
        &self,
        after: Option<&WalkCursor>,
        limit: NonZeroU32,
    ) -> Result<WalkPage, StoreError> {
        let masters = self.link.masters().await.map_err(StoreError::new)?;
        let node_of = |master: &Master| Some(master.id.clone());
        let place = match after {
            None => Some(Place { node: masters.first().and_then(node_of), cursor: 0 }),
            // A node that is no master any more has given its sessions to another, which may have been walked over.
            Some(after) => Place::parse(after.as_str()).filter(|place| match &place.node {
                Some(node) => masters.iter().any(|master| master.id == *node),
                None => masters.is_empty(),
            }),
        };
        let lost = || StoreError::new(LostPlace::new(after.unwrap_or(&WalkCursor::new(""))));
        let place = place.ok_or_else(lost)?;
        let mut scan = redis::cmd("SCAN");
        scan.arg(place.cursor).arg("MATCH").arg(self.names.pattern()).arg("COUNT").arg(limit.get());
        let here = masters.iter().find(|master| Some(&master.id) == place.node.as_ref());
        let answer = self.link.look_at(here.map(|master| master.slot), &scan).await;
        let (cursor, keys) = scanned(answer.map_err(StoreError::new)?).map_err(StoreError::new)?;
        let mut ids: Vec<Id> = keys.iter().filter_map(|key| self.names.id(key)).collect();
        // A scan may answer a key twice.
        ids.sort_unstable();
        ids.dedup();
        let found = match &ids[..] {
            [] => Vec::new(),
            ids => self.load_many(ids).await.map_err(StoreError::new)?,
        };
        let next = match (cursor, &place.node) {
            (0, None) => None,
            (0, Some(node)) => masters
                .into_iter()
                .find(|master| master.id > *node)
                .map(|master| Place { node: Some(master.id), cursor: 0 }),
            (cursor, _) => Some(Place { cursor, ..place }),
        };
        let next = next.map(|place| place.cursor());
        Ok(WalkPage { records: found.into_iter().flatten().collect(), next })
    }
}

/// Reads the answer to a `SCAN`: where it goes on, and keys.
fn scanned(answer: Value) -> Result<(u64, Vec<String>), RedisError> {
    let unexpected = RedisError::Unexpected { command: "SCAN" };
    redis::from_redis_value(answer).map_err(|_| unexpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again() {
        for node in [None, Some("07c37dfeb235213a872192d90877d0cd55635b91".to_owned())] {
            let place = Place { node, cursor: u64::MAX };
            assert_eq!(Place::parse(place.cursor().as_str()), Some(place));
        }
        for text in ["", "7", "a:1 ", "a:1 x", " -1"] {
            assert_eq!(Place::parse(text), None, "{text:?}");
        }
    }
}
