//! Texts with holes: `{{ order.status }}`. What callers say only ever fills holes, it is never read as a template.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

/// What fills the holes of a template: names and values.
pub type Values = BTreeMap<String, Value>;

/// Templates whose name ends so are addresses: what fills their holes is escaped.
const ADDRESS: &str = ".url";

/// All templates of a flow, by name.
#[derive(Debug, Clone)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Default for Templates {
    fn default() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment
            .set_auto_escape_callback(|name| if name.ends_with(ADDRESS) { AutoEscape::Custom("url".into()) } else { AutoEscape::None });
        environment.set_formatter(format);
        Self { environment }
    }
}

/// Writes one value into a text. In an address it is escaped (RFC 3986, 2.1) unless it is marked safe, and must not be missing.
fn format(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if !matches!(state.auto_escape(), AutoEscape::Custom(_)) {
        return if value.is_undefined() || value.is_none() { Ok(()) } else { output.write_str(&value.to_string()).map_err(Error::from) };
    }
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::UndefinedError, "a value in an address is not known"));
    }
    let text = value.to_string();
    if value.is_safe() {
        return output.write_str(&text).map_err(Error::from);
    }
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            output.write_str(char::from(byte).encode_utf8(&mut [0; 4]))?;
        } else {
            output.write_str(&format!("%{byte:02X}"))?;
        }
    }
    Ok(())
}

impl Templates {
    /// Adds a text. Addresses have names that end in `.url`.
    ///
    /// # Errors
    /// What is wrong with its form, for a person to read.
    pub fn add(&mut self, name: String, text: String) -> Result<(), String> {
        self.environment.add_template_owned(name, text).map_err(|error| plain(&error))
    }

    /// The names of all texts.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.environment.templates().map(|(name, _)| name)
    }

    /// Names that the text uses ("order.status", "company").
    #[must_use]
    pub fn names(&self, name: &str) -> BTreeSet<String> {
        self.environment.get_template(name).map(|template| template.undeclared_variables(true).into_iter().collect()).unwrap_or_default()
    }

    /// Fills the holes.
    ///
    /// # Errors
    /// What could not be filled.
    pub fn fill(&self, name: &str, values: &Values) -> Result<String, String> {
        self.environment.get_template(name).and_then(|template| template.render(Value::from(values.clone()))).map_err(|error| plain(&error))
    }

    /// Names that a text or a condition uses.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn names_in_condition(&self, condition: &str) -> Result<BTreeSet<String>, String> {
        self.environment
            .compile_expression(condition)
            .map(|it| it.undeclared_variables(true).into_iter().collect())
            .map_err(|error| plain(&error))
    }

    /// Is the condition true?
    ///
    /// # Errors
    /// What could not be computed.
    pub fn holds(&self, condition: &str, values: &Values) -> Result<bool, String> {
        self.environment
            .compile_expression(condition)
            .and_then(|it| it.eval(Value::from(values.clone())))
            .map(|value| value.is_true())
            .map_err(|error| plain(&error))
    }
}

fn plain(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
