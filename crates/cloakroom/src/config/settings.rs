//! Where settings come from: the environment, a file, the program.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::{Checked, Mistake, Setting, SettingsError, open};
use crate::{AnyStore, Schema, Secret, Sessions, SessionsBuilder, Store};

/// The settings of an application's sessions, from the environment or from a file, not looked at yet.
///
#[doc = include_str!("settings.md")]
///
/// A time is a number with a unit, or several: `90s`, `30m`, `12h`, `30d`, `1h 30m`. A variable that is empty is not set.
///
/// # The environment
///
/// [`Sessions::from_env`](crate::FromEnv::from_env) reads these variables. What is wrong is reported together, each
/// mistake with its variable, what it got and what it takes.
///
/// With `SESSION_ENV=development` a secret that is missing, short or an example is replaced by one that is made up, with a
/// warning: sessions then end with the process. Anywhere else the application does not start.
///
/// # A file
///
/// `Settings` is a serde type, for TOML, figment, config or whatever else. Its keys are the variables without `SESSION_`,
/// in lower case; others are refused.
///
/// ```
/// use cloakroom::Settings;
///
/// #[derive(serde::Deserialize)]
/// struct Application {
///     session: Settings,
/// }
///
/// let text = r#"{"session": {"store": "memory:", "idle_timeout": "30m", "secret_file": "/run/secrets/session"}}"#;
/// let application: Application = serde_json::from_str(text)?;
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Stores
///
/// `redis-cluster://[user:password@]HOST:PORT,…` names some nodes of a cluster, and
/// `redis-sentinel://[user:password@]HOST:PORT,…/SERVICE[/DATABASE]` sentinels and the master that they watch, whose user
/// and password these are. `rediss-cluster:` and `rediss-sentinel:` are the same by TLS. What else a driver takes is in its
/// URL, or in its options, in the program. A store needs its Cargo feature; a message tells which.
///
/// # Security
///
/// A secret file that everybody may write to is refused; one that others may read is taken with a warning, as container
/// platforms mount them so. No secret, and no password of a URL, shows in `Debug` or in a message.
#[derive(Clone, Default)]
pub struct Settings {
    values: BTreeMap<Setting, Zeroizing<String>>,
    /// Variables that look like a slip.
    pub(super) slips: Vec<Mistake>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// ```
    /// use cloakroom::{Setting, Settings};
    ///
    /// let settings = Settings::from_env().or(Setting::Store, "memory:");
    /// ```
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("SESSION_"))?;
            // What is not text is no value that any setting takes, and the message will say so.
            Some((name, value.to_string_lossy().into_owned()))
        }))
    }

    /// Reads variables that come from somewhere else than the environment. Those of others are passed over; one that looks
    /// like a slip of the pen (`SESSION_COOKIE_SAMESITE`) is a mistake.
    ///
    /// ```
    /// use cloakroom::Settings;
    ///
    /// let settings = Settings::from_variables([("SESSION_STORE".to_owned(), "memory:".to_owned())]);
    /// ```
    #[must_use]
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut settings = Self::default();
        for (name, value) in variables {
            let value = Zeroizing::new(value);
            if let Some(&setting) = Setting::ALL.iter().find(|known| known.variable() == name) {
                if !value.trim().is_empty() {
                    settings.values.insert(setting, value);
                }
            } else if let Some(setting) = Setting::meant_by(&name) {
                let message = format!("is not set, but {name} is; which looks like a slip");
                settings.slips.push(Mistake::new(setting, message));
            }
        }
        settings
    }

    /// Fills in a setting that is not set: the application's own default.
    #[must_use]
    pub fn or(mut self, setting: Setting, value: impl Into<String>) -> Self {
        self.values.entry(setting).or_insert_with(|| Zeroizing::new(value.into()));
        self
    }

    /// Fills in the settings that are not set from others, such as those of a file under those of the environment.
    ///
    /// ```
    /// use cloakroom::{Setting, Settings};
    ///
    /// let file: Settings = serde_json::from_str(r#"{"store": "memory:", "idle_timeout": "30m"}"#)?;
    /// let settings = Settings::from_variables([("SESSION_IDLE_TIMEOUT".to_owned(), "1h".to_owned())]).or_all(file);
    /// assert_eq!(settings.get(Setting::IdleTimeout), Some("1h"));
    /// assert_eq!(settings.get(Setting::Store), Some("memory:"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn or_all(mut self, others: Self) -> Self {
        for (setting, value) in others.values {
            self.values.entry(setting).or_insert(value);
        }
        self.slips.extend(others.slips);
        self
    }

    /// Sets a setting, whatever it was: what was said on a command line.
    #[must_use]
    pub fn set(mut self, setting: Setting, value: impl Into<String>) -> Self {
        self.values.insert(setting, Zeroizing::new(value.into()));
        self
    }

    /// Returns a setting as it may be shown: addresses without user, password and parameters, and of secrets how many there
    /// are.
    ///
    /// ```
    /// use cloakroom::{Setting, Settings};
    ///
    /// let settings = Settings::default().set(Setting::Store, "redis://:hunter2@10.0.0.7/1");
    /// assert_eq!(settings.shown(Setting::Store).as_deref(), Some("redis://…@10.0.0.7/1"));
    /// ```
    #[must_use]
    pub fn shown(&self, setting: Setting) -> Option<String> {
        let value = self.get(setting)?;
        Some(match setting {
            Setting::Secret => format!("{} given", value.split(',').count()),
            Setting::Store | Setting::CookieDenyList => super::address::shown(value),
            _ => value.to_owned(),
        })
    }

    /// Returns a setting as it was given. A URL may hold a password, and a secret is one.
    #[must_use]
    pub fn get(&self, setting: Setting) -> Option<&str> {
        self.values.get(&setting).map(|value| value.trim())
    }

    /// Checks everything, opens nothing, and returns the secrets: the first signs, all verify. In development there may be
    /// one that was made up.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Invalid`] with all that is wrong.
    pub fn secrets(&self) -> Result<Vec<Secret>, SettingsError> {
        Checked::new(self).map(|checked| checked.secrets)
    }

    /// Opens the store alone; asks for no secret. `None` where sessions travel in the cookie.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cloakroom::SettingsError> {
    /// use cloakroom::{AnyStore, Setting, Settings};
    ///
    /// let store = Settings::default().set(Setting::Store, "memory:").open_store().await?;
    /// assert!(matches!(store, Some(AnyStore::Memory(_))));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`builder`](Self::builder).
    pub async fn open_store(&self) -> Result<Option<AnyStore>, SettingsError> {
        let (place, opening) = Checked::store(self)?;
        match place.address.is_cookie() {
            true => Ok(None),
            false => opening.connect(&place).await.map(Some),
        }
    }

    /// Looks at the table of the store and changes nothing; `None` for a store without one: memory, Redis, the cookie. It
    /// is brought up to date when the store opens.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cloakroom::SettingsError> {
    /// use cloakroom::{Setting, Settings};
    ///
    /// let settings = Settings::default().set(Setting::Store, "memory:");
    /// assert_eq!(settings.schema().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`builder`](Self::builder).
    pub async fn schema(&self) -> Result<Option<Schema>, SettingsError> {
        let (place, opening) = Checked::store(self)?;
        opening.schema(&place).await
    }

    /// Checks everything and takes another store than the settings name: one that measures them, or a
    /// [`Moving`](crate::Moving).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cloakroom::{MemoryStore, Moving, Setting, Settings};
    ///
    /// let settings = Settings::default().set(Setting::Env, "development").set(Setting::Store, "memory:");
    /// let new = settings.open_store().await?.expect("it is a store");
    /// let sessions = settings.builder_on(Moving::new(MemoryStore::new(), new))?.build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SettingsError::Invalid`] with all that is wrong, also where the settings name no store.
    pub fn builder_on(&self, store: impl Store) -> Result<SessionsBuilder, SettingsError> {
        let checked = Checked::new(self)?;
        if checked.store.address.is_cookie() {
            return Err(super::invalid(Setting::Store, "leads to the cookie, and not to a store"));
        }
        Ok(checked.tell(Sessions::builder(store)))
    }

    /// Checks everything and opens the store; [`build`](SessionsBuilder::build) what comes, or first add to it what no setting
    /// can say.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Invalid`] with all that is wrong, [`SettingsError::Store`] if the store cannot be reached.
    pub async fn builder(&self) -> Result<SessionsBuilder, SettingsError> {
        open(Checked::new(self)?).await
    }

    /// Checks everything and opens the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cloakroom::SettingsError> {
    /// use cloakroom::{Setting, Settings};
    ///
    /// let sessions = Settings::default().or(Setting::Env, "development").open().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`builder`](Self::builder).
    pub async fn open(&self) -> Result<Sessions, SettingsError> {
        let built = self.builder().await?.build();
        // Everything that it refuses was looked at before.
        built.map_err(|error| super::invalid(Setting::Store, error))
    }
}

impl fmt::Debug for Settings {
    /// Shows which settings are set, and no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Settings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the settings of sessions, by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
                let mut settings = Settings::default();
                while let Some(key) = map.next_key::<String>()? {
                    let Some(setting) = Setting::of_key(&key) else {
                        let known: Vec<_> = Setting::ALL.iter().map(|known| known.key()).collect();
                        let known = known.join(", ");
                        return Err(Error::custom(format!(
                            "unknown field `{key}`, expected one of {known}"
                        )));
                    };
                    let Value(value) = map.next_value()?;
                    if settings.values.insert(setting, Zeroizing::new(value)).is_some() {
                        return Err(Error::custom(format!("{key} is there twice")));
                    }
                }
                Ok(settings)
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

/// A value in a file: text, a number, a truth value, or a list of texts.
struct Value(String);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;

        impl<'de> Visitor<'de> for Scalar {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number, true, false or a list of texts")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
                Ok(Value(value.to_owned()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
                Ok(Value(value.to_string()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
                Ok(Value(value.to_string()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
                Ok(Value(value.to_string()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
                Ok(Value(value.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    texts.push(text);
                }
                Ok(Value(texts.join(",")))
            }
        }

        deserializer.deserialize_any(Scalar)
    }
}
