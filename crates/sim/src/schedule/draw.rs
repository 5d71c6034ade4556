//! Drawing a schedule.

use super::{Action, Burden, Class, StatementFault, Statements, Step};
use crate::dice::Dice;
use crate::wire::{Effect, Link};

/// The stream of numbers that schedules come from.
const PART: u64 = 1;

/// How far steps are apart on average, ms.
const PACE_MS: u64 = 12_000;

/// How many people write.
pub(crate) const CHATS: u64 = 4;
/// How many conversations a consumer app has.
pub(crate) const APP_CONVERSATIONS: u64 = 3;
/// How many agents there are.
pub(crate) const AGENTS: u64 = 2;

/// Where requests meet troubles: each as often as it stands here.
pub(crate) const LINKS: [(Class, Link); 15] = [
    (Class::Telegram, Link::TelegramToPlane),
    (Class::Telegram, Link::TelegramToPlane),
    // Seldom used, so that most of these are not met.
    (Class::Telegram, Link::PlaneToTelegram),
    (Class::Telegram, Link::PlaneToTelegram),
    (Class::Telegram, Link::WorkerToTelegram),
    (Class::Telegram, Link::WorkerToTelegram),
    (Class::Telegram, Link::WorkerToTelegram),
    (Class::Fly, Link::PlaneToFly),
    (Class::Fly, Link::PlaneToFly),
    (Class::Fly, Link::PlaneToFly),
    (Class::Workers, Link::WorkerToPlane),
    (Class::Workers, Link::WorkerToPlane),
    (Class::Workers, Link::WorkerToPlane),
    (Class::Apps, Link::AppToPlane),
    (Class::Apps, Link::TimerToPlane),
];

/// Those that write while the schedule is played.
const COMPONENTS: [&str; 5] = ["telegram-webhook", "enqueue", "worker-api", "functions", "fly-reconciler"];

/// The schedule of a seed: so many steps, of which those that are faults are of these kinds.
pub fn draw(seed: u64, steps: u64, classes: &[Class]) -> Vec<Step> {
    let dice = Dice::of(seed, PART);
    let mut at_ms = 0;
    // Drawn with all kinds and then thinned, so that the rest of a seed's schedule stays when a kind is switched off.
    let all = (0..steps).map(|number| {
        // Bursts: what comes at once is what races.
        at_ms += if dice.one_in(3) { dice.between(0, 50) } else { dice.between(0, 2 * PACE_MS) };
        Step { at_ms, action: action(&dice, number) }
    });
    let all: Vec<Step> = all.collect();
    all.into_iter().filter(|step| step.action.class().is_none_or(|class| classes.contains(&class))).collect()
}

fn action(dice: &Dice, number: u64) -> Action {
    match dice.between(0, 100) {
        0..22 => Action::Say { chat: dice.between(0, CHATS), burden: burden(dice) },
        22..36 => Action::Enqueue {
            conversation: dice.between(0, APP_CONVERSATIONS),
            // Sometimes a key that was used before.
            key: if dice.one_in(4) { dice.between(0, number.max(1)) } else { number },
            copies: dice.between(1, 4),
            priority: dice.between(0, 101),
            in_ms: if dice.one_in(4) { dice.between(0, 60_000) } else { 0 },
            burden: burden(dice),
        },
        36..39 => Action::PairingRace { race: number },
        39 => Action::PairingForgotten,
        40..44 => Action::Cancel { nth: dice.between(0, 64) },
        44..46 => Action::Reschedule { nth: dice.between(0, 64), by_ms: dice.between(0, 60_000) },
        46..49 => Action::ReplayAll,
        49 => Action::Discard { nth: dice.between(0, 64) },
        50..53 => Action::Agent { agent: dice.between(0, AGENTS), enabled: dice.one_in(2) },
        53..55 => Action::RotateSecret { agent: dice.between(0, AGENTS) },
        55..57 => Action::Machines { max: dice.between(1, 5) },
        57 => Action::Leases { lease_ms: dice.between(20_000, 90_000) },
        58..60 => Action::Ticks { count: dice.between(2, 5) },
        60 => Action::Rebuild,
        61..85 => trouble(dice),
        85 => Action::Full { ms: dice.between(5_000, 120_000) },
        86..89 => Action::KillMachine { nth: dice.between(0, 4) },
        89 => Action::CrashMachine { nth: dice.between(0, 4) },
        90..96 => statement(dice),
        96 => Action::Lock { ms: dice.between(500, 8_000) },
        97 => Action::Restart { down_ms: dice.between(0, 20_000) },
        98 => Action::SetForward { ms: dice.between(1_000, 120_000) },
        _ => Action::Freeze { ms: dice.between(1_000, 120_000) },
    }
}

fn burden(dice: &Dice) -> Burden {
    Burden {
        seconds: if dice.one_in(6) { dice.between(30, 150) } else { dice.between(0, 15) },
        failures: if dice.one_in(5) { dice.between(1, 6) } else { 0 },
    }
}

fn trouble(dice: &Dice) -> Action {
    let (class, link) = *dice.pick(&LINKS);
    let effect = match dice.between(0, 8) {
        0 => Effect::Unreachable,
        1 | 2 => Effect::AnswerLost,
        3 => Effect::Late(dice.between(1_000, 120_000)),
        4 => Effect::AnswerLate(dice.between(1_000, 60_000)),
        5 => Effect::Answers { status: 429, retry_after: Some(dice.between(1, 20)) },
        6 => Effect::Answers { status: *dice.pick(&[500, 502, 503]), retry_after: None },
        _ => Effect::AnswersAfter { status: *dice.pick(&[500, 502, 504]) },
    };
    Action::Trouble { class, link, effect, times: dice.between(1, 6) }
}

fn statement(dice: &Dice) -> Action {
    let fault = *dice.pick(&[
        StatementFault::Full,
        StatementFault::Io,
        StatementFault::Busy,
        StatementFault::KilledBefore,
        StatementFault::KilledAfter,
        StatementFault::KilledAfter,
    ]);
    let component = || *dice.pick::<&'static str>(&COMPONENTS);
    // Most statements read or set up a connection; what matters most is where something is written down.
    let (which, skip_most) = match dice.between(0, 8) {
        0 => (Statements::Of(""), 60),
        1 => (Statements::Of(component()), 15),
        2 | 3 => (Statements::Appends(component()), 4),
        4 => (Statements::Appends("fly-reconciler"), 6),
        5 => (Statements::Events("MessageEnqueued"), 2),
        6 => (Statements::Events("MessageClaimed"), 3),
        _ => (Statements::Events("MessageCompleted"), 2),
    };
    Action::Statement { which, skip: dice.between(0, skip_most), fault, times: dice.between(1, 3) }
}
