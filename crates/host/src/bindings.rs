//! The Spin interfaces, as `wit/` defines them.

wasmtime::component::bindgen!({
    path: "wit",
    world: "guest",
    imports: { default: async | trappable },
    with: {
        "spin:sqlite/sqlite.connection": crate::sqlite::Connection,
        "spin:key-value/key-value.store": crate::key_value::Store,
    },
});
