//! Sorts the writes of a batch into waves: those of one wave are about different sessions, so their order is free.

use std::collections::HashMap;

use cloakroom_core::{Id, Operation, Version};

/// What becomes of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It goes with this wave.
    Wave(usize),
    /// It need not be asked: the write at this place in the batch compares the same version, so whatever becomes of
    /// that one, this one is stale.
    Behind(usize),
}

/// What the batch has already asked of a session.
#[derive(Clone, Copy)]
struct Last {
    wave: usize,
    /// The version that the last write compared, and its place.
    compared: Option<(Version, usize)>,
}

/// Returns the place of each write, in order.
pub(crate) fn places(operations: &[Operation]) -> Vec<Place> {
    let mut last: HashMap<Id, Last> = HashMap::with_capacity(operations.len());
    let mut places = Vec::with_capacity(operations.len());
    for (place, operation) in operations.iter().enumerate() {
        let compared = compared(operation);
        let earlier = last.get(operation.id()).and_then(|last| last.compared);
        if let (Some(version), Some((other, first))) = (compared, earlier)
            && version == other
        {
            places.push(Place::Behind(first));
            continue;
        }
        let ids = ids(operation);
        let waves = ids.iter().flatten().filter_map(|id| last.get(id)).map(|last| last.wave + 1);
        let wave = waves.max().unwrap_or(0);
        for id in ids.into_iter().flatten() {
            let compared = compared.filter(|_| id == *operation.id());
            last.insert(id, Last { wave, compared: compared.map(|version| (version, place)) });
        }
        places.push(Place::Wave(wave));
    }
    places
}

/// Returns the version that must be there, of writes that leave another one.
fn compared(operation: &Operation) -> Option<Version> {
    match operation {
        Operation::Replace { version, next } if next.version != *version => Some(*version),
        Operation::Renew { version, moved, .. } if moved.version != *version => Some(*version),
        _ => None,
    }
}

fn ids(operation: &Operation) -> [Option<Id>; 2] {
    let other = match operation {
        Operation::Renew { next, .. } => Some(next.id),
        _ => None,
    };
    [Some(*operation.id()), other]
}

#[cfg(test)]
mod tests {
    use cloakroom_core::{Payload, Record, Timestamp};

    use super::*;

    fn record(id: u8, version: u64) -> Record {
        let at = Timestamp::from_millis(0);
        Record {
            id: Id::from_bytes([id; 16]),
            version: Version::new(version),
            user: None,
            created_at: at,
            active_at: at,
            expires_at: at,
            payload: Payload::from_text("{}"),
        }
    }

    fn replace(id: u8, version: u64) -> Operation {
        Operation::Replace { version: Version::new(version), next: record(id, version + 1) }
    }

    fn renew(id: u8, version: u64, next: u8) -> Operation {
        let (next, moved) = (record(next, version + 1), record(id, version + 1));
        Operation::Renew { version: Version::new(version), next, moved }
    }

    fn touch(id: u8) -> Operation {
        let at = Timestamp::from_millis(0);
        Operation::Touch { id: record(id, 1).id, active_at: at, expires_at: at }
    }

    #[test]
    fn writes_about_one_session_keep_their_order() {
        use Place::{Behind, Wave};
        let delete = |id| Operation::Delete(record(id, 1).id);
        let cases: [(&[Operation], &[Place]); 7] = [
            (&[replace(1, 1), touch(2), delete(3)], &[Wave(0); 3]),
            (&[replace(1, 1), replace(2, 1), replace(1, 1)], &[Wave(0), Wave(0), Behind(0)]),
            (&[replace(1, 1), replace(1, 2), replace(1, 2)], &[Wave(0), Wave(1), Behind(1)]),
            (&[touch(1), touch(1), delete(1)], &[Wave(0), Wave(1), Wave(2)]),
            (&[renew(1, 1, 9), touch(9), renew(1, 1, 8)], &[Wave(0), Wave(1), Behind(0)]),
            // What was deleted and made again may have the version again.
            (
                &[
                    replace(1, 1),
                    delete(1),
                    Operation::Create(record(1, 1)),
                    replace(1, 1),
                    replace(2, 7),
                ],
                &[Wave(0), Wave(1), Wave(2), Wave(3), Wave(0)],
            ),
            // A touch leaves the version.
            (&[replace(1, 1), touch(1), replace(1, 1)], &[Wave(0), Wave(1), Wave(2)]),
        ];
        for (operations, expected) in cases {
            assert_eq!(places(operations), expected, "{operations:?}");
        }
    }
}
