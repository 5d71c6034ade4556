//! `spin.toml`, version 2.
//!
//! Every key that Spin knows is known here, so that a misspelt one is refused; those that only tools
//! read are ignored, and those that a component would miss are refused by name.
//! Source of the format: the manifest reference of Spin 4.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::HostError;

/// A manifest as it is written, after [`Manifest::read`] has checked it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    spin_manifest_version: u32,
    #[serde(rename = "application")]
    _application: Application,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
    #[serde(default)]
    pub(crate) trigger: Triggers,
    #[serde(default)]
    pub(crate) component: BTreeMap<String, Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "authors")]
    _authors: Option<Vec<String>>,
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(rename = "trigger")]
    _trigger: Option<IgnoredAny>,
    #[serde(rename = "tool")]
    _tool: Option<IgnoredAny>,
}

/// `[variables]`: what the operator sets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(rename = "description")]
    _description: Option<String>,
}

/// `[[trigger.*]]`. A type of trigger that this host lacks is an unknown field.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Triggers {
    #[serde(default)]
    pub(crate) http: Vec<HttpTrigger>,
    #[serde(default)]
    pub(crate) cron: Vec<CronTrigger>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpTrigger {
    #[serde(rename = "id")]
    _id: Option<String>,
    pub(crate) component: String,
    pub(crate) route: HttpRoute,
    #[serde(rename = "executor")]
    executor: Option<Executor>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a path like \"/api/...\" or { private = true }")]
pub(crate) enum HttpRoute {
    Path(String),
    Private { private: bool },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Executor {
    r#type: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CronTrigger {
    #[serde(rename = "id")]
    _id: Option<String>,
    pub(crate) component: String,
    pub(crate) cron_expression: String,
}

/// `[component.<id>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    /// Relative to the manifest's folder.
    pub(crate) source: PathBuf,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) key_value_stores: Vec<String>,
    #[serde(default)]
    pub(crate) sqlite_databases: Vec<String>,
    #[serde(default)]
    files: Vec<toml::Value>,
    #[serde(default)]
    ai_models: Vec<String>,
    #[serde(default)]
    allowed_http_hosts: Vec<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
    #[serde(rename = "exclude_files")]
    _exclude_files: Option<IgnoredAny>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "build")]
    _build: Option<IgnoredAny>,
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(rename = "tool")]
    _tool: Option<IgnoredAny>,
    #[serde(rename = "profile")]
    _profile: Option<IgnoredAny>,
    #[serde(rename = "dependencies_inherit_configuration")]
    _dependencies_inherit_configuration: Option<bool>,
}

impl Manifest {
    /// Reads and checks the manifest at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or says something that Spin would refuse or this host cannot do.
    pub(crate) fn read(path: &Path) -> Result<Self, HostError> {
        let text = std::fs::read_to_string(path).map_err(|source| HostError::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|message| HostError::Manifest { path: path.to_owned(), message })
    }

    /// # Errors
    /// Says what is wrong, naming the key.
    fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.spin_manifest_version != 2 {
            let found = self.spin_manifest_version;
            return Err(format!("spin_manifest_version is {found}, but only 2 is known"));
        }
        for (name, variable) in &self.variables {
            check_variable_name(name)?;
            if variable.required == variable.default.is_some() {
                return Err(format!("variables.{name}: either `required = true` or a `default`"));
            }
        }
        for (id, component) in &self.component {
            component.check().map_err(|message| format!("component.{id}: {message}"))?;
        }
        for trigger in &self.trigger.http {
            self.check_target("http", &trigger.component)?;
            trigger.check()?;
        }
        for trigger in &self.trigger.cron {
            self.check_target("cron", &trigger.component)?;
        }
        Ok(())
    }

    fn check_target(&self, trigger: &str, component: &str) -> Result<(), String> {
        if self.component.contains_key(component) {
            return Ok(());
        }
        Err(format!("trigger.{trigger}: component = {component:?}, but there is no [component.{component}]"))
    }
}

impl HttpTrigger {
    fn check(&self) -> Result<(), String> {
        if let HttpRoute::Private { private: false } = self.route {
            return Err(format!("trigger.http of component `{}`: route is a path or {{ private = true }}", self.component));
        }
        match &self.executor {
            Some(executor) if executor.r#type != "http" => Err(format!(
                "trigger.http of component `{}`: executor {:?} is not supported by this host",
                self.component, executor.r#type
            )),
            _ => Ok(()),
        }
    }
}

impl Component {
    fn check(&self) -> Result<(), String> {
        let unsupported = [
            ("files", self.files.is_empty()),
            ("ai_models", self.ai_models.is_empty()),
            ("allowed_http_hosts", self.allowed_http_hosts.is_empty()),
            ("dependencies", self.dependencies.is_empty()),
        ];
        for (key, absent) in unsupported {
            if !absent {
                return Err(format!("`{key}` is not supported by this host"));
            }
        }
        for name in self.variables.keys() {
            check_variable_name(name)?;
        }
        for label in self.sqlite_databases.iter().chain(&self.key_value_stores) {
            check_label(label)?;
        }
        Ok(())
    }
}

/// Labels become file names.
fn check_label(label: &str) -> Result<(), String> {
    let good = label.starts_with(|first: char| first.is_ascii_alphabetic())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    good.then_some(()).ok_or_else(|| format!("{label:?} is no label: letters, digits, - and _"))
}

/// Spin's rule: lower-case snake case without doubled underscores.
///
/// # Errors
/// Says what is wrong with the name.
pub(crate) fn check_variable_name(name: &str) -> Result<(), String> {
    let words = name
        .split('_')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if words && name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(format!("{name:?} is no variable name: lower-case letters, digits and single underscores"))
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    const GOOD: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "a"
        version = "1"
        authors = ["me"]
        [variables]
        key = { required = true, secret = true }
        greeting = { default = "hi" }
        [[trigger.http]]
        route = "/a/..."
        component = "web"
        [[trigger.http]]
        route = { private = true }
        component = "web"
        [[trigger.cron]]
        component = "web"
        cron_expression = "0 * * * * *"
        [component.web]
        source = "web.wasm"
        description = "said for people"
        [component.web.build]
        command = "make"
        watch = ["src"]
    "#;

    fn refusal(change: impl Fn(&str) -> String) -> String {
        Manifest::parse(&change(GOOD)).expect_err("a mistake")
    }

    #[test]
    fn a_usual_manifest_is_read() {
        let manifest = Manifest::parse(GOOD).expect("a good manifest");
        assert_eq!(manifest.trigger.http.len(), 2);
        assert_eq!(manifest.trigger.cron[0].cron_expression, "0 * * * * *");
        assert!(manifest.variables["key"].required);
        assert_eq!(manifest.component["web"].source.to_str(), Some("web.wasm"));
    }

    #[test]
    fn mistakes_are_named() {
        for (from, to, named) in [
            ("spin_manifest_version = 2", "spin_manifest_version = 1", "spin_manifest_version"),
            ("description =", "descripton =", "descripton"),
            ("component = \"web\"", "component = \"wob\"", "wob"),
            ("[[trigger.cron]]", "[[trigger.redis]]", "redis"),
            ("private = true", "private = false", "private"),
            ("{ default = \"hi\" }", "{ secret = true }", "greeting"),
            ("greeting =", "Greeting =", "Greeting"),
            ("description = \"said for people\"", "files = [\"x\"]", "files"),
            ("description = \"said for people\"", "sqlite_databases = [\"../x\"]", "../x"),
        ] {
            let refusal = refusal(|good| good.replacen(from, to, 1));
            assert!(refusal.contains(named), "{to}: {refusal}");
        }
    }
}
