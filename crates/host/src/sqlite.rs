//! `spin:sqlite`: a guest's databases.
//!
//! As in Spin, each `open` is a connection of its own whose settings are the guest's to make (or seems so, where
//! [`HostOptions::shared_connections`](crate::HostOptions::shared_connections) is wanted), and
//! what goes wrong in `execute-async` is told by the future that comes with the rows.

mod checkpoint;
mod connection;
mod database;
mod opened;
mod pace;
mod shared;
mod statement;
mod writer;

#[expect(unreachable_pub, reason = "the generated bindings export it from their private module")]
pub use connection::Connection;
pub(crate) use database::Databases;
pub(crate) use statement::{Executed, Failure};

use futures::future::ready;
use wasmtime::component::{Accessor, FutureReader, HasData, Resource, StreamReader};

use crate::bindings::spin::sqlite::sqlite::{self as wit, Error, QueryResult, RowResult, Value};
use crate::faults::{self, Fault, Statement};
use crate::state::GuestState;

/// `spin:sqlite` for guests.
pub(crate) struct HostSqlite;

impl HasData for HostSqlite {
    type Data<'a> = SqliteView<'a>;
}

pub(crate) struct SqliteView<'a>(pub(crate) &'a mut GuestState);

type Rows = (Vec<String>, StreamReader<RowResult>, FutureReader<Result<(), Error>>);

impl SqliteView<'_> {
    fn open(&mut self, name: &str) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        if !self.0.grant.sqlite_databases.contains(name) {
            return Ok(Err(Error::AccessDenied));
        }
        let connection = self.0.services.databases.connect(name);
        Ok(Ok(self.0.table.push(connection)?))
    }

    fn get(&self, connection: &Resource<Connection>) -> wasmtime::Result<Connection> {
        Ok(self.0.table.get(connection)?.clone())
    }

    fn fault(&self, sql: &str, parameters: &[Value]) -> Option<Fault> {
        self.0.services.faults.statement(&Statement { component: &self.0.grant.component, sql, parameters })
    }
}

fn trap(failure: Failure) -> wasmtime::Error {
    wasmtime::Error::msg(failure.text)
}

impl wit::Host for SqliteView<'_> {}

impl wit::HostConnection for SqliteView<'_> {
    async fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        SqliteView::open(self, &name)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        text: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        let connection = self.get(&connection)?;
        let fault = self.fault(&text, &parameters);
        let Executed { columns, rows, error } = faults::execute(fault, connection.execute(&text, &parameters)).await?;
        Ok(match error {
            Some(failure) => Err(failure.into_error()),
            None => Ok(QueryResult { columns, rows }),
        })
    }

    async fn last_insert_rowid(&mut self, connection: Resource<Connection>) -> wasmtime::Result<i64> {
        self.get(&connection)?.last_insert_rowid().map_err(trap)
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        self.get(&connection)?.changes().map_err(trap)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.0.table.delete(connection)?;
        Ok(())
    }
}

impl<T: 'static> wit::HostConnectionWithStore<T> for HostSqlite {
    async fn open_async(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        accessor.with(|mut access| access.get().open(&name))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        text: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<Rows, Error>> {
        let (connection, fault) = accessor.with(|mut access| {
            let view = access.get();
            Ok::<_, wasmtime::Error>((view.get(&connection)?, view.fault(&text, &parameters)))
        })?;
        let Executed { columns, rows, error } = faults::execute(fault, connection.execute(&text, &parameters)).await?;
        let outcome = error.map_or(Ok(()), |failure| Err(failure.into_error()));
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, rows)?;
            let outcome = FutureReader::new(&mut access, ready(wasmtime::error::Ok(outcome)))?;
            Ok(Ok((columns, rows, outcome)))
        })
    }

    async fn last_insert_rowid_async(accessor: &Accessor<T, Self>, connection: Resource<Connection>) -> wasmtime::Result<i64> {
        let connection = accessor.with(|mut access| access.get().get(&connection))?;
        connection.last_insert_rowid().map_err(trap)
    }

    async fn changes_async(accessor: &Accessor<T, Self>, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        let connection = accessor.with(|mut access| access.get().get(&connection))?;
        connection.changes().map_err(trap)
    }
}
