//! Reading a case; the words are explained in README.md.

use clawstead_domain::config::{ProviderPolicy, ScalingPolicy};
use clawstead_domain::plan::{Head, Inventory, Listing, Machine, Phase, Setback, Volume, Worker, plan};
use clawstead_domain::worker::State;

const APP: &str = "workers";
const LONG_AGO: i64 = -864_000_000;

/// One case.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) expected: Vec<String>,
    inventory: Inventory,
    scaling: ScalingPolicy,
    provider: ProviderPolicy,
}

impl Fixture {
    /// All cases of a file.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        text.split("=== ").skip(1).map(Self::read).collect()
    }

    pub(crate) fn plan(&self) -> Vec<String> {
        let actions = plan(&self.inventory, &self.scaling, &self.provider, 60_000, 0);
        actions.iter().map(ToString::to_string).collect()
    }

    fn read(case: &str) -> Self {
        let (name, rest) = case.split_once('\n').expect("a case has a name");
        let (given, expected) = rest.split_once("--- plan\n").unwrap_or_else(|| panic!("{name}: no plan"));
        let mut fixture = Self {
            name: name.to_owned(),
            expected: lines(expected).filter(|line| *line != "nothing").map(str::to_owned).collect(),
            inventory: Inventory {
                listings: vec![Listing { app: APP.to_owned(), ..Listing::default() }],
                watching_since: LONG_AGO,
                ..Inventory::default()
            },
            scaling: ScalingPolicy { machines_max: 2, ..ScalingPolicy::default() },
            provider: ProviderPolicy {
                kind: "fly".to_owned(),
                app_name: APP.to_owned(),
                regions: vec!["fra".to_owned(), "ams".to_owned()],
                ..ProviderPolicy::default()
            },
        };
        for line in lines(given) {
            fixture.add(&Words::of(line));
        }
        fixture
    }

    fn add(&mut self, words: &Words<'_>) {
        match words.list[0] {
            "scaling" => self.set_scaling(words),
            "provider" => match words.value("app") {
                Some(app) => self.provider.app_name = app,
                None => self.provider.kind = String::new(),
            },
            "full" => {
                self.inventory.full_regions.insert(words.list[1].to_owned(), setback(words));
            }
            "failed-boots" => self.inventory.failed_boots = Some(setback(words)),
            "watching" => self.inventory.watching_since = instant(words.list[1]),
            "worker" => self.inventory.workers.push(worker(words)),
            "waiting" => {
                let head = Head {
                    conversation_id: words.list[1].to_owned(),
                    worker_id: words.value("held"),
                    has_memory: words.has("memory"),
                };
                self.inventory.waiting.push(head);
            }
            "machine" => self.listing().machines.push(machine(words)),
            "volume" => self.listing().volumes.push(volume(words)),
            "app" => self.inventory.listings.push(Listing { app: words.list[1].to_owned(), ..Listing::default() }),
            "missing" => self.listing().is_missing = true,
            "unlisted" => drop(self.inventory.listings.pop()),
            other => panic!("{}: what is {other}?", self.name),
        }
    }

    fn listing(&mut self) -> &mut Listing {
        self.inventory.listings.last_mut().expect("an app that is listed")
    }

    fn set_scaling(&mut self, words: &Words<'_>) {
        let number = |key| words.value(key).map(|value| value.parse().expect("a number"));
        let set = |field: &mut i64, value: Option<i64>| *field = value.unwrap_or(*field);
        set(&mut self.scaling.machines_max, number("machines_max"));
        set(&mut self.scaling.spawn_step, number("spawn_step"));
        set(&mut self.scaling.warm_workers, number("warm"));
        set(&mut self.scaling.conversations_per_worker, number("each"));
        set(&mut self.scaling.idle_timeout_ms, words.at("idle"));
        set(&mut self.scaling.drain_deadline_ms, words.at("drain"));
        set(&mut self.scaling.boot_timeout_ms, words.at("boot"));
        set(&mut self.scaling.salvage_ms, words.at("salvage"));
    }
}

fn worker(words: &Words<'_>) -> Worker {
    let machine_id = words.value("machine");
    let asked = words.at("asked").unwrap_or(-3_600_000);
    Worker {
        worker_id: words.list[1].to_owned(),
        is_ours: !words.has("external"),
        state: State::parse(words.list[2]).expect("a state"),
        app_name: (!words.has("external")).then(|| words.value("app").unwrap_or_else(|| APP.to_owned())),
        volume_id: words.value("volume"),
        machine_created_at: machine_id.is_some().then(|| words.at("made").unwrap_or(asked)),
        machine_id,
        wanted_for: words.value("for"),
        conversations_max: words.value("takes").map_or(1, |number| number.parse().expect("a number")),
        conversation_id: words.value("has"),
        requested_at: asked,
        seen_at: words.at("seen"),
        last_seen_at: words.at("contact"),
        last_claim_at: words.at("claimed"),
        last_ended_at: words.at("ended"),
        lease_ends_at: words.at("lease"),
        has_work: words.has("work"),
        unsaved: words.value("unsaved").iter().flat_map(|list| list.split(',')).map(str::to_owned).collect(),
        restarted_at: words.at("restarted"),
        abandoned_at: words.at("abandoned"),
        volume_snapshot_at: words.at("copied"),
        volume_keep_until: words.at("keep"),
        capacity_refused_at: words.at("refused"),
        drain_deadline_at: words.at("deadline"),
        teardown_at: words.at("teardown"),
        machine_gone_at: words.at("machine_gone"),
        volume_gone_at: words.at("volume_gone"),
    }
}

fn machine(words: &Words<'_>) -> Machine {
    let phase = match words.list[2] {
        "created" => Phase::Created,
        "running" => Phase::Running,
        "stopping" => Phase::Stopping,
        "at-rest" => Phase::AtRest,
        "leaving" => Phase::Leaving,
        "gone" => Phase::Gone,
        other => panic!("no phase of a machine: {other}"),
    };
    Machine {
        machine_id: words.list[1].to_owned(),
        worker_id: words.value("of"),
        phase,
        reachable: !words.has("unreachable"),
        created_at: words.at("made"),
    }
}

fn volume(words: &Words<'_>) -> Volume {
    Volume {
        volume_id: words.list[1].to_owned(),
        worker_id: words.value("of"),
        is_tagged: words.has("tagged") || words.value("of").is_some(),
        is_attached: words.has("attached"),
        is_leaving: words.has("leaving"),
        created_at: words.at("made"),
    }
}

fn setback(words: &Words<'_>) -> Setback {
    Setback {
        failures: words.value("times").map_or(1, |number| number.parse().expect("a number")),
        last_at: words.at("since").expect("a setback says since when"),
    }
}

/// The words of a line.
struct Words<'a> {
    list: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Self {
        Self { list: line.split_whitespace().collect() }
    }

    fn has(&self, word: &str) -> bool {
        self.list.contains(&word)
    }

    fn value(&self, key: &str) -> Option<String> {
        self.list.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
    }

    fn at(&self, key: &str) -> Option<i64> {
        self.value(key).map(|value| instant(&value))
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn instant(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        other => panic!("no unit of time: {other}"),
    };
    number.trim_start_matches('+').parse::<i64>().expect("a number") * unit
}
