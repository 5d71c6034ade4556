//! Message templates: W-52, W-53, W-59, W-61.

use std::collections::BTreeSet;

use clawstead_domain::binding::Bind;
use clawstead_domain::template::{Change, Draft, Template, keys_of};
use clawstead_operations::queue::{self, Said, UserMessage};
use clawstead_operations::templates::{self, Templates};
use clawstead_operations::{OperationError, bindings};
use futures::executor::block_on;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::world::{World, code};

fn create(world: &World, company: Option<&str>, title: &str) -> Result<Template, OperationError> {
    let company_id = company.map(str::to_owned);
    let draft = Draft { company_id, title: title.into(), text: "hi".into(), enabled: true, by: "ada".into(), ..Draft::default() };
    block_on(templates::create(&world.cx(), &draft))
}

fn change(world: &World, template_id: &str, change: Change) -> Result<Template, OperationError> {
    block_on(templates::change(&world.cx(), template_id, &Change { by: "ada".into(), ..change }))
}

fn titles(world: &World, which: Templates<'_>, limit: i64) -> Vec<String> {
    let page = block_on(templates::list(&world.cx(), which, limit)).unwrap();
    page.templates.into_iter().map(|template| template.title).collect()
}

fn of(company_id: Option<&str>) -> Templates<'_> {
    Templates { company_id, ..Templates::default() }
}

fn send(world: &World, template_id: &str) {
    let said = UserMessage::new("ada", "a", Said::Template(template_id.to_owned()));
    block_on(queue::send_as_user(&world.cx(), &said, None)).unwrap();
}

fn bound() -> World {
    let world = World::new();
    let wanted = Bind { consumer_user_id: "ada".into(), agent_key: "a".into(), ..Bind::default() };
    block_on(bindings::make(&world.cx(), &wanted, None)).unwrap();
    world
}

#[test]
fn w52_the_key_of_a_crowded_title_is_found_at_once_and_refused_when_there_is_none() {
    let world = World::new();
    let keys: Vec<_> = (0..100).map(|_| create(&world, None, "Daily check-in").unwrap().template_key).collect();
    assert_eq!(keys[..3], ["daily-check-in", "daily-check-in-2", "daily-check-in-3"]);
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(code(create(&world, None, "Daily check-in!")), "title_taken");
    assert_eq!(create(&world, None, "Daily check-in 2 3").unwrap().template_key, "daily-check-in-2-3");
}

#[test]
fn w53_templates_are_filtered_and_sorted_before_the_limit() {
    let world = bound();
    let made: Vec<_> = (0..10)
        .map(|n| {
            world.pass(1);
            create(&world, None, &format!("t{n}")).unwrap().template_id
        })
        .collect();
    send(&world, &made[3]);
    for template_id in &made[4..] {
        change(&world, template_id, Change { enabled: Some(false), ..Change::default() }).unwrap();
    }
    assert_eq!(titles(&world, of(None), 2), ["t3", "t2"], "the most used, then the newest change");
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let which = Templates { include_disabled: true, after: after.as_deref(), ..Templates::default() };
        let page = block_on(templates::list(&world.cx(), which, 3)).unwrap();
        listed.extend(page.templates.into_iter().map(|template| template.title));
        after = page.next_after;
        if after.is_none() {
            break;
        }
    }
    let expected = ["t3", "t9", "t8", "t7", "t6", "t5", "t4", "t2", "t1", "t0"];
    assert_eq!(listed, expected, "pages neither overlap nor leave out");
    let nonsense = Templates { after: Some("1.2"), ..Templates::default() };
    assert_eq!(code(block_on(templates::list(&world.cx(), nonsense, 3))), "invalid_field");
}

#[test]
fn w59_each_company_has_its_own_templates() {
    let world = World::new();
    for company in [Some("acme"), Some("initech"), None] {
        let made = create(&world, company, "Status update").unwrap();
        assert_eq!(
            (made.company_id.as_deref(), made.template_key.as_str()),
            (company, "status-update"),
            "no key tells of others"
        );
    }
    create(&world, Some("acme"), "Of Acme").unwrap();
    let all = |company_id| titles(&world, Templates { include_disabled: true, ..of(company_id) }, 100);
    assert_eq!(all(Some("acme")), ["Of Acme", "Status update"]);
    for other in [Some("initech"), None] {
        assert_eq!(all(other), ["Status update"]);
    }
    assert_eq!(all(Some("nobody")), Vec::<String>::new());
    assert_eq!(code(create(&world, Some(""), "x")), "invalid_field", "nobody's cannot be called by a name");
}

#[test]
fn w61_tags_are_sorted_alike_everywhere() {
    let world = World::new();
    let tags = ["ähnlich", "zebra", "Ärger", "apfel"].map(str::to_owned).to_vec();
    let draft = Draft { title: "t".into(), text: "t".into(), tags, by: "ada".into(), ..Draft::default() };
    assert_eq!(block_on(templates::create(&world.cx(), &draft)).unwrap().tags, ["apfel", "zebra", "ähnlich", "ärger"]);
}

#[test]
fn the_key_follows_the_title_and_a_deleted_one_is_free() {
    let world = World::new();
    let first = create(&world, None, "Città").unwrap();
    assert_eq!(first.template_key, "citta");
    let second = create(&world, None, "citta").unwrap();
    let renamed = change(&world, &first.template_id, Change { title: Some("Caffè".into()), ..Change::default() }).unwrap();
    assert_eq!((renamed.template_key.as_str(), renamed.title.as_str()), ("caffe", "Caffè"));
    block_on(templates::delete(&world.cx(), &second.template_id)).unwrap();
    assert_eq!(create(&world, None, "CITTA").unwrap().template_key, "citta");
    for outcome in [
        change(&world, &second.template_id, Change { enabled: Some(true), ..Change::default() }).map(drop),
        block_on(templates::delete(&world.cx(), &second.template_id)),
    ] {
        assert_eq!(code(outcome), "template_not_found");
    }
}

#[test]
fn a_change_that_changes_nothing_is_no_event() {
    let world = World::new();
    let made = create(&world, None, "One").unwrap();
    world.pass(5);
    let same = change(&world, &made.template_id, Change { title: Some(" One ".into()), ..Change::default() }).unwrap();
    assert_eq!(same, made);
    assert_eq!(world.rows("SELECT 1 FROM events WHERE type = 'TemplateChanged'").len(), 0);
}

/// One thing that happens to templates; `which` counts from the newest.
#[derive(Debug, Clone)]
enum Step {
    Create { company: Option<usize>, title: usize },
    Rename { which: usize, title: usize },
    Switch { which: usize, enabled: bool },
    Delete { which: usize },
    Send { which: usize },
}

const COMPANIES: [&str; 2] = ["acme", "initech"];
const TITLES: [&str; 4] = ["One", "one!", "One 2", "Two"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (which, title) = (0..8_usize, 0..TITLES.len());
    let company = proptest::option::of(0..COMPANIES.len());
    let step = prop_oneof![
        4 => (company, title.clone()).prop_map(|(company, title)| Step::Create { company, title }),
        3 => (which.clone(), title).prop_map(|(which, title)| Step::Rename { which, title }),
        2 => (which.clone(), any::<bool>()).prop_map(|(which, enabled)| Step::Switch { which, enabled }),
        1 => which.clone().prop_map(|which| Step::Delete { which }),
        4 => which.prop_map(|which| Step::Send { which }),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What a template should be like, kept beside the views.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    template_id: String,
    company: Option<String>,
    title: String,
    enabled: bool,
    uses: i64,
}

fn take(world: &World, kept: &mut Vec<Kept>, step: &Step) {
    let at = |which: usize, kept: &[Kept]| (which < kept.len()).then(|| kept.len() - 1 - which);
    match *step {
        Step::Create { company, title } => {
            let company = company.map(|company| COMPANIES[company]);
            let made = create(world, company, TITLES[title]).unwrap();
            let (template_id, company) = (made.template_id, company.map(str::to_owned));
            kept.push(Kept { template_id, company, title: TITLES[title].to_owned(), enabled: true, uses: 0 });
        }
        Step::Rename { which, title } => {
            let Some(index) = at(which, kept) else { return };
            let title = TITLES[title].to_owned();
            change(world, &kept[index].template_id, Change { title: Some(title.clone()), ..Change::default() }).unwrap();
            kept[index].title = title;
        }
        Step::Switch { which, enabled } => {
            let Some(index) = at(which, kept) else { return };
            change(world, &kept[index].template_id, Change { enabled: Some(enabled), ..Change::default() }).unwrap();
            kept[index].enabled = enabled;
        }
        Step::Delete { which } => {
            let Some(index) = at(which, kept) else { return };
            block_on(templates::delete(&world.cx(), &kept.remove(index).template_id)).unwrap();
        }
        Step::Send { which } => {
            let Some(index) = at(which, kept).filter(|index| kept[*index].enabled) else { return };
            send(world, &kept[index].template_id);
            kept[index].uses += 1;
        }
    }
}

fn check(world: &World, kept: &[Kept]) {
    for company in [Some("acme"), Some("initech"), None] {
        let which = Templates { include_disabled: true, ..of(company) };
        let found = block_on(templates::list(&world.cx(), which, 1_000)).unwrap().templates;
        let keys: BTreeSet<_> = found.iter().map(|template| &template.template_key).collect();
        assert_eq!(keys.len(), found.len());
        assert!(found.iter().all(|template| keys_of(&template.title).contains(&template.template_key)));
        assert!(found.is_sorted_by_key(|template| std::cmp::Reverse((template.usage_count, template.updated_at))));
        let mut found: Vec<_> = found
            .into_iter()
            .map(|one| Kept {
                template_id: one.template_id,
                company: one.company_id,
                title: one.title,
                enabled: one.enabled,
                uses: one.usage_count,
            })
            .collect();
        let mut expected: Vec<_> = kept.iter().filter(|one| one.company.as_deref() == company).cloned().collect();
        found.sort_by(|left, right| left.template_id.cmp(&right.template_id));
        expected.sort_by(|left, right| left.template_id.cmp(&right.template_id));
        assert_eq!(found, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        rng_seed: RngSeed::Fixed(20_261_120),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn w59_whatever_happens_templates_stay_with_their_company_and_replay_equals_live(steps in steps(), chunk in 1_i64..20) {
        let world = bound();
        let mut kept = Vec::new();
        for step in &steps {
            world.pass(1);
            take(&world, &mut kept, step);
        }
        check(&world, &kept);
        let live = world.views();
        let engine = block_on(clawstead_ledger::Engine::reopen(world.ledger.engine())).unwrap();
        block_on(clawstead_ledger::Ledger::new(engine).rebuild("test", world.now(), chunk, |_| {})).unwrap();
        prop_assert_eq!(world.views(), live);
    }
}
