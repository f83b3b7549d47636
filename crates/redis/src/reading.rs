//! Loading records, and what a record that a renewal has only prepared is worth.

use cloakroom_core::{Id, Record};
use redis::Value;

use crate::RedisError;
use crate::call::Call;
use crate::link::{Answer, Repeat};
use crate::store::Inner;
use crate::value::{self, Link, Stored};
use crate::writing::{confirm, points};

impl Inner {
    pub(crate) async fn load(&self, id: &Id) -> Result<Option<Record>, RedisError> {
        let stored = self.get(id).await?;
        Ok(self.counted(stored).await?.map(|stored| stored.record))
    }

    pub(crate) async fn load_many(&self, ids: &[Id]) -> Result<Vec<Option<Record>>, RedisError> {
        let stored = self.stored_many(ids).await?;
        Ok(stored.into_iter().map(|stored| stored.map(|stored| stored.record)).collect())
    }

    /// Loads records with what ties them to others.
    pub(crate) async fn stored_many(&self, ids: &[Id]) -> Result<Vec<Option<Stored>>, RedisError> {
        let mut all = self.get_many(ids).await?;
        for place in &mut all {
            if matches!(place, Some(Stored { link: Link::From(_), .. })) {
                *place = self.counted(place.take()).await?;
            }
        }
        Ok(all)
    }

    async fn get(&self, id: &Id) -> Result<Option<Stored>, RedisError> {
        let get = Call::get(self.names.session(id));
        stored(*id, self.link.one(&get, Repeat::Once).await)
    }

    /// One MGET. It says of a key of another type that there is none, so what seems missing is asked for once more.
    async fn get_many(&self, ids: &[Id]) -> Result<Vec<Option<Stored>>, RedisError> {
        if self.link.is_cluster() {
            // The keys of an MGET must share a slot; these share connections.
            return self.get_each(ids).await;
        }
        let values = match self.link.look(&self.names.get_all(ids)).await? {
            Value::Array(values) if values.len() == ids.len() => values,
            _ => return Err(RedisError::Unexpected { command: "MGET" }),
        };
        let answers = ids.iter().zip(values).map(|(id, value)| stored(*id, Ok(value)));
        let mut all: Vec<_> = answers.collect::<Result<_, _>>()?;
        let missing: Vec<usize> = (0..ids.len()).filter(|&place| all[place].is_none()).collect();
        if !missing.is_empty() {
            let ids: Vec<_> = missing.iter().map(|&place| ids[place]).collect();
            for (place, again) in missing.into_iter().zip(self.get_each(&ids).await?) {
                all[place] = again;
            }
        }
        Ok(all)
    }

    async fn get_each(&self, ids: &[Id]) -> Result<Vec<Option<Stored>>, RedisError> {
        let calls: Vec<_> = ids.iter().map(|id| Call::get(self.names.session(id))).collect();
        let answers = self.link.many(&calls, Repeat::Once).await?;
        ids.iter().zip(answers).map(|(id, answer)| stored(*id, answer)).collect()
    }

    /// Takes away a record that is only prepared; confirms it if it counts.
    async fn counted(&self, stored: Option<Stored>) -> Result<Option<Stored>, RedisError> {
        let Some(mut stored) = stored else { return Ok(None) };
        let mut looked = false;
        while let Link::From(old) = stored.link {
            let new = stored.record.id;
            if points(self.get(&old).await?.as_ref(), new) {
                self.link.one(&confirm(&self.names, &new, &old), Repeat::Once).await?;
                return Ok(Some(Stored { link: Link::None, ..stored }));
            }
            if looked {
                return Ok(None);
            }
            // It may have been confirmed since it was read, and the pointer may have gone.
            looked = true;
            match self.get(&new).await? {
                Some(again) => stored = again,
                None => return Ok(None),
            }
        }
        Ok(Some(stored))
    }
}

/// Reads the answer to a GET.
pub(crate) fn stored(id: Id, answer: Answer) -> Result<Option<Stored>, RedisError> {
    match answer {
        Ok(Value::Nil) => Ok(None),
        Ok(Value::BulkString(value)) => Ok(Some(value::read(id, value))),
        Ok(_) => Err(RedisError::Unexpected { command: "GET" }),
        Err(RedisError::Redis(error)) if error.code() == Some("WRONGTYPE") => {
            Ok(Some(value::unreadable(id)))
        }
        Err(error) => Err(error),
    }
}
