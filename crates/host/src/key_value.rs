//! `spin:key-value`: a guest's stores, as rows of one SQLite file.

use futures::future::ready;
use wasmtime::component::{Accessor, FutureReader, HasData, Resource, StreamReader};

use crate::bindings::spin::key_value::key_value::{self as wit, Error};
use crate::bindings::spin::sqlite::sqlite::{RowResult, Value};
use crate::sqlite::Connection;
use crate::state::GuestState;

/// The database that holds all stores.
const DATABASE: &str = "sqlite_key_value";

const CREATE: &str = "CREATE TABLE IF NOT EXISTS entries \
    (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))";

/// An open store.
#[expect(unreachable_pub, reason = "the generated bindings export it from their private module")]
#[derive(Clone)]
pub struct Store {
    label: String,
    connection: Connection,
}

impl Store {
    async fn open(connection: Connection, label: String) -> Result<Self, Error> {
        let store = Self { label, connection };
        store.connection_run("PRAGMA journal_mode = WAL", &[]).await?;
        store.connection_run(CREATE, &[]).await?;
        Ok(store)
    }

    /// Runs `text` with the store's label, and `more`, as parameters.
    async fn run(&self, text: &str, more: Vec<Value>) -> Result<Vec<RowResult>, Error> {
        let mut parameters = vec![Value::Text(self.label.clone())];
        parameters.extend(more);
        self.connection_run(text, &parameters).await
    }

    async fn connection_run(&self, text: &str, parameters: &[Value]) -> Result<Vec<RowResult>, Error> {
        let executed = self.connection.execute(text, parameters).await;
        match executed.error {
            Some(failure) => Err(Error::Other(failure.text)),
            None => Ok(executed.rows),
        }
    }

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        let query = "SELECT value FROM entries WHERE store = ? AND key = ?";
        let rows = self.run(query, vec![Value::Text(key)]).await?;
        Ok(rows.into_iter().flat_map(|row| row.values).find_map(|value| match value {
            Value::Blob(bytes) => Some(bytes),
            _ => None,
        }))
    }

    async fn keys(&self) -> Result<Vec<String>, Error> {
        let query = "SELECT key FROM entries WHERE store = ? ORDER BY key";
        let rows = self.run(query, Vec::new()).await?;
        Ok(rows
            .into_iter()
            .flat_map(|row| row.values)
            .filter_map(|value| match value {
                Value::Text(key) => Some(key),
                _ => None,
            })
            .collect())
    }
}

/// `spin:key-value` for guests.
pub(crate) struct HostKeyValue;

impl HasData for HostKeyValue {
    type Data<'a> = KeyValueView<'a>;
}

pub(crate) struct KeyValueView<'a>(pub(crate) &'a mut GuestState);

fn store<T>(accessor: &Accessor<T, HostKeyValue>, handle: &Resource<Store>) -> wasmtime::Result<Store> {
    accessor.with(|mut access| Ok(access.get().0.table.get(handle)?.clone()))
}

impl wit::Host for KeyValueView<'_> {}

impl wit::HostStore for KeyValueView<'_> {
    async fn drop(&mut self, handle: Resource<Store>) -> wasmtime::Result<()> {
        self.0.table.delete(handle)?;
        Ok(())
    }
}

impl<T: 'static> wit::HostStoreWithStore<T> for HostKeyValue {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> wasmtime::Result<Result<Resource<Store>, Error>> {
        let connection = accessor.with(|mut access| {
            let KeyValueView(state) = access.get();
            let granted = state.grant.key_value_stores.contains(&label);
            granted.then(|| state.services.databases.connect(DATABASE))
        });
        let Some(connection) = connection else {
            return Ok(Err(Error::AccessDenied));
        };
        Ok(match Store::open(connection, label).await {
            Err(error) => Err(error),
            Ok(store) => Ok(accessor.with(|mut access| access.get().0.table.push(store))?),
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        handle: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(store(accessor, &handle)?.get(key).await)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        handle: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let write = "INSERT INTO entries (store, key, value) VALUES (?, ?, ?) \
            ON CONFLICT DO UPDATE SET value = excluded.value";
        let parameters = vec![Value::Text(key), Value::Blob(value)];
        Ok(store(accessor, &handle)?.run(write, parameters).await.map(|_| ()))
    }

    async fn delete(accessor: &Accessor<T, Self>, handle: Resource<Store>, key: String) -> wasmtime::Result<Result<(), Error>> {
        let write = "DELETE FROM entries WHERE store = ? AND key = ?";
        Ok(store(accessor, &handle)?.run(write, vec![Value::Text(key)]).await.map(|_| ()))
    }

    async fn exists(accessor: &Accessor<T, Self>, handle: Resource<Store>, key: String) -> wasmtime::Result<Result<bool, Error>> {
        Ok(store(accessor, &handle)?.get(key).await.map(|value| value.is_some()))
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        handle: Resource<Store>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (keys, outcome) = match store(accessor, &handle)?.keys().await {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let outcome = FutureReader::new(&mut access, ready(wasmtime::error::Ok(outcome)))?;
            Ok((keys, outcome))
        })
    }
}
