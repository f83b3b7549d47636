//! `check`: the settings as the application reads them, the store tried, and what is risky.

mod facts;
mod probe;
mod risks;

use std::io::{self, Write};

use cloakroom::{Secret, Setting, Settings, SettingsError};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use self::facts::Facts;
use self::probe::Probe;
pub use self::probe::Step;
pub use self::risks::{Level, Risk};
use crate::output::{BAD, DOUBTFUL, FAINT, GOOD, STRONG};
use crate::{Exit, Failure, Origin, Origins, Report};

/// Whether the store may be written to, to see whether it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Touch {
    /// A record is written under a random id, and deleted.
    Write,
    /// The store is only read.
    Read,
}

/// All that was found out. Shows no secret and no password.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Checkup {
    /// Each setting.
    pub settings: Vec<Line>,
    /// The secrets, the first signs.
    pub secrets: Vec<SecretLine>,
    /// What is wrong with the settings: the application would not start.
    pub mistakes: Vec<String>,
    /// What the store did.
    pub store: Vec<Step>,
    /// What is risky.
    pub risks: Vec<Risk>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// Its variable.
    pub setting: &'static str,
    /// What holds, as far as it may be shown.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// A secret, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SecretLine {
    /// What a cookie says of the secret that made it, in hexadecimal.
    pub key: String,
    /// Its length.
    pub bytes: usize,
}

/// Checks the settings, tries the store, and lists what is risky. Nothing is migrated.
///
/// # Errors
///
/// None but those that keep it from looking: what is wrong is part of the answer.
pub async fn check(
    settings: &Settings,
    origins: &Origins,
    touch: Touch,
) -> Result<Checkup, Failure> {
    let lines = Setting::ALL.iter().map(|&setting| Line {
        setting: setting.variable(),
        value: settings.shown(setting).unwrap_or_else(|| setting.default_text()),
        origin: origins.get(&setting).copied().unwrap_or(Origin::Default),
    });
    let (secrets, mistakes) = match settings.secrets() {
        Ok(secrets) => (secrets, Vec::new()),
        Err(SettingsError::Invalid(mistakes)) => {
            (Vec::new(), mistakes.iter().map(ToString::to_string).collect())
        }
        Err(error) => return Err(error.into()),
    };
    let Probe { steps, server } = match mistakes.is_empty() {
        true => Probe::of(settings, touch).await,
        false => Probe::default(),
    };
    let facts = Facts::gather(settings, &secrets, server);
    Ok(Checkup {
        settings: lines.collect(),
        secrets: secrets.iter().map(SecretLine::of).collect(),
        mistakes,
        store: steps,
        risks: risks::of(&facts),
    })
}

impl SecretLine {
    fn of(secret: &Secret) -> Self {
        Self { key: format!("{:02x}", secret.key_id()), bytes: secret.bytes() }
    }
}

impl Checkup {
    /// Returns how the tool ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if !self.mistakes.is_empty() {
            Exit::Usage
        } else if self.store.iter().any(|step| !step.ok) {
            Exit::Failed
        } else if self.risks.iter().any(|risk| risk.level == Level::Risk) {
            Exit::Risks
        } else {
            Exit::Done
        }
    }
}

impl Report for Checkup {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{STRONG}Settings{STRONG:#}")?;
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        for line in &self.settings {
            let origin = match line.origin {
                Origin::CommandLine => "command line",
                Origin::Environment => "environment",
                Origin::File => "file",
                Origin::Default => "",
            };
            table.add_row([line.setting, &line.value, origin]);
        }
        for (line, shown) in self.settings.iter().zip(table.lines()) {
            let style = if line.origin == Origin::Default { FAINT } else { anstyle::Style::new() };
            writeln!(out, " {style}{}{style:#}", shown.trim_end())?;
        }
        for (place, secret) in self.secrets.iter().enumerate() {
            let what = if place == 0 { "signs" } else { "retiring" };
            let SecretLine { key, bytes } = secret;
            writeln!(out, "  secret {} ({what}): key {key}, {bytes} bytes", place + 1)?;
        }
        for mistake in &self.mistakes {
            writeln!(out, "{BAD}wrong{BAD:#}  {mistake}")?;
        }
        if !self.store.is_empty() {
            writeln!(out, "{STRONG}Store{STRONG:#}")?;
        }
        for step in &self.store {
            match step.ok {
                true => writeln!(out, "{GOOD}ok{GOOD:#}     {}", step.what)?,
                false => writeln!(out, "{BAD}failed{BAD:#} {}", step.what)?,
            }
        }
        writeln!(out, "{STRONG}Risks{STRONG:#}")?;
        for Risk { level, what, why } in &self.risks {
            let (style, name) = match level {
                Level::Risk => (BAD, "risk  "),
                Level::Note => (DOUBTFUL, "note  "),
            };
            writeln!(out, "{style}{name}{style:#} {what}")?;
            writeln!(out, "       {FAINT}{why}{FAINT:#}")?;
        }
        if self.risks.is_empty() && self.mistakes.is_empty() {
            writeln!(out, "{GOOD}none{GOOD:#}")?;
        }
        Ok(())
    }
}
