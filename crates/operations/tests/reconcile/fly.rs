//! A Fly of one app: as much of it as the reconciler meets, with the habits that hurt (outside-contracts.md).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use chrono::DateTime;
use clawstead_transport::{Transport, TransportError};
use http::{Method, Request, Response};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "fm2_test";
pub(crate) const APP: &str = "workers";
const STOPPING_MS: i64 = 3_000;
const BOUND_MS: i64 = 25_000;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Fly does it, and the answer is lost.
    LostReply,
    /// Fly answers 500 and does nothing.
    Trouble,
    /// Fly does it, and whoever asked is killed before the answer comes.
    KilledAfter,
    /// Whoever asked is killed before the request goes out.
    KilledBefore,
}

pub(crate) struct FlyMachine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) config: Value,
    pub(crate) state: &'static str,
    stopped_at: i64,
    made_at: i64,
}

pub(crate) struct FlyVolume {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) bound_to: Option<String>,
    pub(crate) bound_until: i64,
    made_at: i64,
}

/// The whole of it. `calls` are the calls that arrived, as `METHOD /path`.
pub(crate) struct Fly {
    clock: Rc<Cell<i64>>,
    pub(crate) machines: RefCell<Vec<FlyMachine>>,
    pub(crate) volumes: RefCell<Vec<FlyVolume>>,
    pub(crate) machines_made: Cell<usize>,
    pub(crate) volumes_made: Cell<usize>,
    pub(crate) calls: RefCell<Vec<String>>,
    fault: Cell<Option<(usize, Fault)>>,
    /// Calls that contain this text answer 500 for ever.
    pub(crate) broken: RefCell<Option<String>>,
    /// What there is no room for, as `volumes fra`.
    pub(crate) full: RefCell<Vec<String>>,
    /// Copies of volumes: of which, and when.
    pub(crate) copies: RefCell<Vec<(String, i64)>>,
}

impl Fly {
    pub(crate) fn new(clock: Rc<Cell<i64>>) -> Self {
        Self {
            clock,
            machines: RefCell::default(),
            volumes: RefCell::default(),
            machines_made: Cell::new(0),
            volumes_made: Cell::new(0),
            calls: RefCell::default(),
            fault: Cell::new(None),
            broken: RefCell::new(None),
            full: RefCell::default(),
            copies: RefCell::default(),
        }
    }

    /// The call number `index`, from 0, goes wrong.
    pub(crate) fn break_call(&self, index: usize, fault: Fault) {
        self.fault.set(Some((index, fault)));
    }

    /// The process of a machine ends by itself.
    pub(crate) fn exit(&self, machine_id: &str) {
        let now = self.clock.get();
        for machine in self.machines.borrow_mut().iter_mut().filter(|machine| machine.id == machine_id) {
            (machine.state, machine.stopped_at) = ("stopped", now);
        }
    }

    /// A machine that somebody else made, or we in a life that the log does not know.
    pub(crate) fn plant_machine(&self, id: &str, metadata: &Value) {
        let config = json!({ "metadata": metadata });
        self.add_machine(id, &json!({ "name": id, "config": config }));
    }

    /// Somebody deletes everything by hand.
    pub(crate) fn wipe(&self) {
        self.machines.borrow_mut().clear();
        self.volumes.borrow_mut().clear();
    }

    fn answer(&self, method: &Method, path: &[&str], query: &str, body: &Value) -> (u16, Value) {
        let now = self.clock.get();
        self.pass(now);
        match (method.as_str(), path) {
            ("GET", ["machines"]) => (200, self.machines.borrow().iter().map(machine_view).collect()),
            ("GET", ["volumes"]) => (200, self.volumes.borrow().iter().map(volume_view).collect()),
            ("GET", ["machines", id]) => found(self.machines.borrow().iter().find(|one| one.id == *id).map(machine_view)),
            ("GET", ["volumes", id]) => found(self.volumes.borrow().iter().find(|one| one.id == *id).map(volume_view)),
            ("POST", ["volumes"]) => self.create_volume(body),
            ("POST", ["machines"]) => self.create_machine(body),
            ("POST", ["machines", id, "stop"]) => self.change(id, |machine| {
                if machine.state == "started" {
                    (machine.state, machine.stopped_at) = ("stopping", now + STOPPING_MS);
                }
                if machine.state == "stopping" && body["signal"] == "SIGKILL" {
                    (machine.state, machine.stopped_at) = ("stopped", now);
                }
                (200, json!({ "ok": true }))
            }),
            ("POST", ["machines", id, "cordon"]) => self.change(id, |_| (200, json!({ "ok": true }))),
            ("POST", ["machines", id, "start"]) => self.change(id, |machine| match machine.state {
                "stopped" | "started" => {
                    machine.state = "started";
                    (200, json!({ "previous_state": "stopped" }))
                }
                _ => (412, json!({ "error": "not now" })),
            }),
            ("POST", ["volumes", id, "snapshots"]) => self.copy_volume(id),
            ("GET", ["volumes", id, "snapshots"]) => {
                let copies = self.copies.borrow();
                let of_it = copies.iter().filter(|(of, _)| of == id);
                (200, of_it.map(|(_, at)| json!({ "id": "vs_1", "status": "created", "created_at": instant(*at) })).collect())
            }
            ("DELETE", ["machines", id]) => self.delete_machine(id, query.contains("force=true")),
            ("DELETE", ["volumes", id]) => self.delete_volume(id),
            _ => panic!("no such call: {method} {path:?}"),
        }
    }

    fn pass(&self, now: i64) {
        for machine in self.machines.borrow_mut().iter_mut() {
            if machine.state == "stopping" && machine.stopped_at <= now {
                machine.state = "stopped";
            }
        }
        let machines = self.machines.borrow();
        for volume in self.volumes.borrow_mut().iter_mut() {
            let holder_is_gone = volume.bound_to.as_ref().is_some_and(|id| machines.iter().all(|machine| machine.id != *id));
            if holder_is_gone && volume.bound_until <= now {
                volume.bound_to = None;
            }
        }
    }

    fn copy_volume(&self, id: &str) -> (u16, Value) {
        if self.volumes.borrow().iter().all(|volume| volume.id != id) {
            return (404, json!({ "error": "" }));
        }
        self.copies.borrow_mut().push((id.to_owned(), self.clock.get()));
        (200, Value::Null)
    }

    fn has_room(&self, what: &str, body: &Value) -> bool {
        let place = format!("{what} {}", body["region"].as_str().unwrap_or_default());
        !self.full.borrow().contains(&place)
    }

    fn create_volume(&self, body: &Value) -> (u16, Value) {
        if !self.has_room("volumes", body) {
            return (400, no_room());
        }
        self.volumes_made.set(self.volumes_made.get() + 1);
        let volume = FlyVolume {
            id: format!("vol_{}", self.volumes_made.get()),
            name: body["name"].as_str().unwrap().to_owned(),
            bound_to: None,
            bound_until: 0,
            made_at: self.clock.get(),
        };
        let view = volume_view(&volume);
        self.volumes.borrow_mut().push(volume);
        (200, view)
    }

    fn create_machine(&self, body: &Value) -> (u16, Value) {
        if self.machines.borrow().iter().any(|machine| body["name"] == machine.name.as_str()) {
            return (422, json!({ "error": "the name is taken" }));
        }
        if !self.has_room("machines", body) {
            return (412, no_room());
        }
        self.machines_made.set(self.machines_made.get() + 1);
        let id = format!("m{}", self.machines_made.get());
        let mounted = body["config"]["mounts"][0]["volume"].as_str().unwrap();
        let mut volumes = self.volumes.borrow_mut();
        let volume = volumes.iter_mut().find(|volume| volume.id == mounted).expect("the volume was made first");
        volume.bound_to = Some(id.clone());
        drop(volumes);
        (200, self.add_machine(&id, body))
    }

    fn add_machine(&self, id: &str, body: &Value) -> Value {
        let machine = FlyMachine {
            id: id.to_owned(),
            name: body["name"].as_str().unwrap().to_owned(),
            config: body["config"].clone(),
            state: "started",
            stopped_at: 0,
            made_at: self.clock.get(),
        };
        let view = machine_view(&machine);
        self.machines.borrow_mut().push(machine);
        view
    }

    fn delete_machine(&self, id: &str, force: bool) -> (u16, Value) {
        let refused = self.change(id, |machine| match machine.state {
            "stopped" => (200, Value::Null),
            _ if force => (200, Value::Null),
            _ => (412, json!({ "error": "it runs" })),
        });
        if refused.0 == 200 {
            self.machines.borrow_mut().retain(|machine| machine.id != id);
            for volume in self.volumes.borrow_mut().iter_mut().filter(|volume| volume.bound_to.as_deref() == Some(id)) {
                volume.bound_until = self.clock.get() + BOUND_MS;
            }
        }
        refused
    }

    fn delete_volume(&self, id: &str) -> (u16, Value) {
        let mut volumes = self.volumes.borrow_mut();
        match volumes.iter().find(|volume| volume.id == id) {
            None => (404, json!({ "error": "" })),
            Some(volume) if volume.bound_to.is_some() => (412, json!({ "error": "it is bound" })),
            Some(_) => {
                volumes.retain(|volume| volume.id != id);
                (200, json!({}))
            }
        }
    }

    fn change(&self, id: &str, change: impl Fn(&mut FlyMachine) -> (u16, Value)) -> (u16, Value) {
        self.machines.borrow_mut().iter_mut().find(|machine| machine.id == id).map_or((404, Value::Null), change)
    }
}

impl Transport for Fly {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let path = request.uri().path().strip_prefix("/v1/apps/").unwrap().to_owned();
        let segments: Vec<&str> = path.split('/').collect();
        let index = self.calls.borrow().len();
        self.calls.borrow_mut().push(format!("{} /{}", request.method(), segments[1..].join("/")));
        let fault = self.fault.get().filter(|(at, _)| *at == index).map(|(_, fault)| fault);
        if fault == Some(Fault::KilledBefore) {
            std::future::pending::<()>().await;
        }
        let is_broken = self.broken.borrow().as_ref().is_some_and(|part| self.calls.borrow()[index].contains(part.as_str()));
        if fault == Some(Fault::Trouble) || is_broken {
            return Ok(response(500, &json!({ "error": "machine not found" })));
        }
        if request.headers()["authorization"] != format!("Bearer {TOKEN}") {
            return Ok(response(401, &json!({ "error": "unauthorized" })));
        }
        if segments[0] != APP {
            return Ok(response(404, &json!({ "error": "no such app" })));
        }
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        let (status, answer) = self.answer(request.method(), &segments[1..], request.uri().query().unwrap_or_default(), &body);
        match fault {
            Some(Fault::LostReply) => Err(TransportError::Interrupted),
            Some(Fault::KilledAfter) => std::future::pending().await,
            _ => Ok(response(status, &answer)),
        }
    }
}

fn response(status: u16, body: &Value) -> Response<Vec<u8>> {
    Response::builder().status(status).body(body.to_string().into_bytes()).unwrap()
}

fn no_room() -> Value {
    json!({ "error": "insufficient resources", "status": "insufficient_capacity" })
}

fn found(view: Option<Value>) -> (u16, Value) {
    view.map_or_else(|| (404, json!({ "error": "" })), |view| (200, view))
}

fn machine_view(machine: &FlyMachine) -> Value {
    json!({
        "id": machine.id, "name": machine.name, "state": machine.state, "region": "fra", "instance_id": "i1",
        "host_status": "ok", "config": machine.config, "created_at": instant(machine.made_at),
    })
}

fn volume_view(volume: &FlyVolume) -> Value {
    json!({
        "id": volume.id, "name": volume.name, "state": "created", "region": "fra", "size_gb": 10,
        "attached_machine_id": volume.bound_to, "created_at": instant(volume.made_at),
    })
}

fn instant(at: i64) -> String {
    DateTime::from_timestamp_millis(at).unwrap().to_rfc3339()
}
