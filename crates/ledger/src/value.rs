//! Values and rows as every engine gives them.

/// A value of a column or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A 64-bit integer; also booleans (0, 1) and instants (ms since the epoch).
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The rows a statement gave, with their column names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// Column names, in order.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// The rows, one at a time, with access by column name.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row { columns: &self.columns, values })
    }

    /// The first row, if there is one.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }
}

/// One row. The accessors answer `None` for NULL, and also for a column that is missing or of another type: a statement
/// and the struct it fills stand next to each other, and a test runs every one of them.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    columns: &'a [String],
    values: &'a [Value],
}

impl<'a> Row<'a> {
    /// The value of a column.
    pub fn get(&self, column: &str) -> Option<&'a Value> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.values.get(index)
    }

    /// The text of a column.
    pub fn text(&self, column: &str) -> Option<String> {
        match self.get(column)? {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The integer of a column.
    pub fn integer(&self, column: &str) -> Option<i64> {
        match self.get(column)? {
            Value::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    /// The truth of a column: any integer but 0.
    pub fn flag(&self, column: &str) -> bool {
        self.integer(column).is_some_and(|integer| integer != 0)
    }

    /// The bytes of a column.
    pub fn blob(&self, column: &str) -> Option<Vec<u8>> {
        match self.get(column)? {
            Value::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}
