//! How a machine gets from one state to the next.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use super::processes::{self, Ended};
use super::state::{Machine, MachineState, State};

/// How long a process may take to end when nobody says otherwise.
pub(crate) const KILL_TIMEOUT: Duration = Duration::from_secs(5);

const RESTARTS_MAX: u64 = 10;

/// What comes after a process has been ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Rest,
    Launch,
}

/// Brings everything of an earlier run to a state it can be in now.
pub(crate) fn resume(shared: &Arc<Shared>) {
    let to_start: Vec<String> = shared.store.change(|state| {
        let mut to_start = Vec::new();
        let mut gone = Vec::new();
        for machine in state.machines.values_mut() {
            machine.process = "none".to_owned();
            match machine.state {
                MachineState::Started | MachineState::Starting | MachineState::Restarting | MachineState::Replacing => {
                    to_start.push(machine.id.clone());
                }
                MachineState::Stopping => machine.state = MachineState::Stopped,
                MachineState::Destroying | MachineState::Destroyed => {
                    machine.state = MachineState::Destroyed;
                    gone.push(machine.id.clone());
                }
                MachineState::Created | MachineState::Stopped | MachineState::Failed => {}
            }
        }
        for id in gone {
            state.release_volumes_of(&id);
        }
        to_start
    });
    for id in to_start {
        launch_after(shared, &id, Duration::ZERO);
    }
}

/// Starts a machine that is at rest.
pub(crate) fn launch(shared: &Arc<Shared>, id: &str) {
    launch_after(shared, id, shared.delays().start());
}

fn launch_after(shared: &Arc<Shared>, id: &str, delay: Duration) {
    let run = shared.store.change(|state| {
        let machine = state.machines.get_mut(id)?;
        machine.run += 1;
        machine.restarts = 0;
        machine.enter(MachineState::Starting, "start", "user");
        Some(machine.run)
    });
    if let Some(run) = run {
        processes::spawn(shared, id, run, delay);
    }
}

/// Marks a machine as started; gives nothing when it was stopped or destroyed meanwhile.
pub(crate) fn started(state: &mut State, id: &str, run: u64) -> Option<Machine> {
    let machine = state.machines.get_mut(id).filter(|one| one.run == run)?;
    if machine.state != MachineState::Starting {
        return None;
    }
    machine.enter(MachineState::Started, "start", "flyd");
    machine.process = "running".to_owned();
    Some(machine.clone())
}

/// Writes the end of a process down and applies the restart policy; says whether it starts again.
pub(crate) fn exited(state: &mut State, id: &str, run: u64, ended: &Ended) -> bool {
    let Some(machine) = state.machines.get_mut(id).filter(|one| one.run == run) else {
        return false;
    };
    machine.process = format!("exited: {}", ended.how);
    if machine.state != MachineState::Started {
        return false;
    }
    let policy = machine.config["restart"]["policy"].as_str().unwrap_or("on-failure");
    let max = machine.config["restart"]["max_retries"].as_u64().unwrap_or(RESTARTS_MAX);
    let again = match policy {
        "always" => true,
        "no" => false,
        _ => ended.code != 0 && machine.restarts < max,
    };
    machine.state = if again { MachineState::Starting } else { MachineState::Stopped };
    machine.record_exit(ended.code, false, again);
    machine.restarts += u64::from(again);
    again
}

/// Ends the process of a machine that asked to be removed when it is done.
pub(crate) fn removes_itself(state: &State, id: &str) -> bool {
    state.machines.get(id).is_some_and(|machine| machine.state == MachineState::Stopped && machine.config["auto_destroy"] == true)
}

pub(crate) fn stop(shared: &Arc<Shared>, id: &str, timeout: Duration) {
    end_process(shared, id, MachineState::Stopping, timeout, Then::Rest);
}

/// Ends the process and starts another with the configuration of then.
pub(crate) fn relaunch(shared: &Arc<Shared>, id: &str, through: MachineState, timeout: Duration) {
    end_process(shared, id, through, timeout, Then::Launch);
}

fn end_process(shared: &Arc<Shared>, id: &str, through: MachineState, timeout: Duration, then: Then) {
    let run = shared.store.change(|state| {
        let machine = state.machines.get_mut(id)?;
        machine.enter(through, "stop", "user");
        Some(machine.run)
    });
    let Some(run) = run else { return };
    let (task_shared, id) = (shared.clone(), id.to_owned());
    shared.tasks.spawn(async move {
        let shared = task_shared;
        let in_time = shared.processes.end(&id, timeout).await;
        tokio::time::sleep(shared.delays().stop()).await;
        let stopped = shared.store.change(|state| {
            let machine = state.machines.get_mut(&id);
            let machine = machine.filter(|one| one.run == run && one.state == through)?;
            machine.state = MachineState::Stopped;
            if !in_time {
                machine.process = "killed".to_owned();
            }
            machine.record_exit(if in_time { 0 } else { 137 }, true, then == Then::Launch);
            Some(())
        });
        if stopped.is_some() && then == Then::Launch {
            launch(&shared, &id);
        }
    });
}

/// Removes a machine whatever it does; its volume stays bound for a while.
pub(crate) fn destroy(shared: &Arc<Shared>, id: &str) {
    let began = shared.store.change(|state| {
        let machine = state.machines.get_mut(id).filter(|one| !one.state.is_ending())?;
        machine.enter(MachineState::Destroying, "destroy", "user");
        machine.process = "none".to_owned();
        Some(())
    });
    if began.is_none() {
        return;
    }
    shared.processes.kill(id);
    let (task_shared, id) = (shared.clone(), id.to_owned());
    shared.tasks.spawn(async move {
        let shared = task_shared;
        tokio::time::sleep(shared.delays().stop()).await;
        shared.store.change(|state| {
            if let Some(machine) = state.machines.get_mut(&id) {
                machine.enter(MachineState::Destroyed, "destroy", "flyd");
            }
        });
        tokio::time::sleep(shared.delays().volume_release()).await;
        shared.store.change(|state| state.release_volumes_of(&id));
    });
}

/// The machine's host dies: the process is gone at once and nobody restarts it.
pub(crate) fn die(shared: &Shared, id: &str, left_as: MachineState) -> bool {
    shared.processes.kill(id);
    shared.store.change(|state| {
        let machine = state.machines.get_mut(id).filter(|one| !one.state.is_ending());
        let Some(machine) = machine else { return false };
        machine.state = left_as;
        machine.process = "killed".to_owned();
        machine.record_exit(137, false, false);
        true
    })
}

/// The process dies; its machine does what its restart policy says.
pub(crate) fn crash(shared: &Arc<Shared>, id: &str) -> bool {
    let run = shared.store.read(|state| {
        let machine = state.machines.get(id)?;
        (machine.state == MachineState::Started).then_some(machine.run)
    });
    let Some(run) = run else { return false };
    shared.processes.kill(id);
    let ended = Ended { code: 137, how: "crashed".to_owned() };
    let again = shared.store.change(|state| exited(state, id, run, &ended));
    if again {
        processes::spawn(shared, id, run, shared.delays().start());
    }
    true
}
