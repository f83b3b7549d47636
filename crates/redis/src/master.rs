//! The masters of a cluster, as `CLUSTER SLOTS` tells them.

use redis::Value;

/// One master.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Master {
    /// Its name in the cluster, which no other node ever has.
    pub(crate) id: String,
    /// One of its slots: the way to it.
    pub(crate) slot: u16,
}

impl Master {
    /// Reads the answer; in the order of their ids. What cannot be read is passed over.
    pub(crate) fn all(answer: Value) -> Vec<Self> {
        let Value::Array(ranges) = answer else { return Vec::new() };
        let mut masters: Vec<_> = ranges.into_iter().filter_map(Self::of).collect();
        masters.sort_unstable();
        masters.dedup_by(|other, first| other.id == first.id);
        masters
    }

    fn of(range: Value) -> Option<Self> {
        let Value::Array(parts) = range else { return None };
        let mut parts = parts.into_iter();
        let Value::Int(slot) = parts.next()? else { return None };
        let (_last, Value::Array(node)) = (parts.next()?, parts.next()?) else { return None };
        let Value::BulkString(id) = node.into_iter().nth(2)? else { return None };
        Some(Self { id: String::from_utf8(id).ok()?, slot: u16::try_from(slot).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(slot: i64, id: &str) -> Value {
        let text = |text: &str| Value::BulkString(text.into());
        let node = Value::Array(vec![text("127.0.0.1"), Value::Int(7000), text(id)]);
        Value::Array(vec![Value::Int(slot), Value::Int(slot + 1), node])
    }

    #[test]
    fn each_master_is_there_once_by_its_first_slot() {
        let answer = Value::Array(vec![range(8, "b"), range(4, "a"), range(2, "b"), Value::Nil]);
        let masters = [("a", 4), ("b", 2)];
        let masters = masters.map(|(id, slot)| Master { id: id.to_owned(), slot });
        assert_eq!(Master::all(answer), masters);
        assert_eq!(Master::all(Value::Nil), []);
    }
}
