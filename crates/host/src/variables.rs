//! Values of the manifest's variables, and what each component sees of them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::bindings::spin::variables::variables as wit;
use crate::error::HostError;
use crate::manifest::{Component, Manifest, check_variable_name};
use crate::state::Grant;
use crate::template;
use wasmtime::component::{Accessor, HasData};

/// Prefix of the environment variables that set variables; as in Spin.
const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// The application's variables with their values.
#[derive(Debug)]
pub(crate) struct Variables(HashMap<String, String>);

impl Variables {
    /// Finds a value for each variable of the manifest. The first of these that has one wins:
    /// `given`, the environment (`SPIN_VARIABLE_<UPPER_NAME>`), `file`, the default.
    ///
    /// # Errors
    /// A required variable has no value, or `given` names one that the manifest lacks.
    pub(crate) fn resolve(
        manifest: &Manifest,
        given: &BTreeMap<String, String>,
        file: &BTreeMap<String, String>,
    ) -> Result<Self, HostError> {
        if let Some(name) = given.keys().find(|name| !manifest.variables.contains_key(*name)) {
            return Err(HostError::Variable {
                name: name.clone(),
                message: "is given a value, but the manifest's [variables] lacks it".to_owned(),
            });
        }
        let mut values = HashMap::new();
        for (name, variable) in &manifest.variables {
            let environment = format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase());
            let value = given
                .get(name)
                .cloned()
                .or_else(|| std::env::var(&environment).ok())
                .or_else(|| file.get(name).cloned())
                .or_else(|| variable.default.clone());
            let Some(value) = value else {
                return Err(HostError::Variable {
                    name: name.clone(),
                    message: format!("is required; set it, for example with {environment}"),
                });
            };
            values.insert(name.clone(), value);
        }
        Ok(Self(values))
    }

    /// # Errors
    /// Names the variable that `text` asks for and the manifest lacks.
    pub(crate) fn expand(&self, text: &str) -> Result<String, String> {
        template::expand(text, |name| self.0.get(name).map(String::as_str))
    }

    /// What `component` sees: its own names, with the templates filled in.
    ///
    /// # Errors
    /// Names the component's variable whose template is wrong.
    pub(crate) fn of(&self, component: &Component) -> Result<HashMap<String, String>, String> {
        component
            .variables
            .iter()
            .map(|(name, text)| {
                let value = self.expand(text).map_err(|message| format!("variables.{name}: {message}"))?;
                Ok((name.clone(), value))
            })
            .collect()
    }
}

/// Reads values from a file: a table of names and scalars, TOML, or JSON if the name ends in `.json`.
///
/// # Errors
/// The file cannot be read, or is not such a table.
pub(crate) fn read_file(path: &Path) -> Result<BTreeMap<String, String>, HostError> {
    let wrong = |message: String| HostError::Manifest { path: path.to_owned(), message };
    let text = std::fs::read_to_string(path).map_err(|source| HostError::Read { path: path.to_owned(), source })?;
    let json = path.extension().is_some_and(|extension| extension == "json");
    let table: BTreeMap<String, serde_json::Value> = if json {
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?
    } else {
        toml::from_str(&text).map_err(|error| wrong(error.to_string()))?
    };
    table
        .into_iter()
        .map(|(name, value)| {
            let value = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Number(number) => number.to_string(),
                serde_json::Value::Bool(flag) => flag.to_string(),
                _ => return Err(wrong(format!("`{name}` is neither text nor a number"))),
            };
            Ok((name, value))
        })
        .collect()
}

/// `spin:variables` for guests.
pub(crate) struct HostVariables;

impl HasData for HostVariables {
    type Data<'a> = VariablesView<'a>;
}

pub(crate) struct VariablesView<'a>(pub(crate) &'a Grant);

impl wit::Host for VariablesView<'_> {}

impl<T: 'static> wit::HostWithStore<T> for HostVariables {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, wit::Error>> {
        if let Err(message) = check_variable_name(&name) {
            return Ok(Err(wit::Error::InvalidName(message)));
        }
        Ok(accessor.with(|mut access| {
            let VariablesView(grant) = access.get();
            grant
                .variables
                .get(&name)
                .cloned()
                .ok_or_else(|| wit::Error::Undefined(format!("no variable for {:?}.{name:?}", grant.component)))
        }))
    }
}
