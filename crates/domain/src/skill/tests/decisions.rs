//! What follows from commands.

use super::*;

fn release(version: &str) -> Release {
    Release::check(deploy_of(version, with(&[]))).unwrap()
}

/// The skill is there, with this version in the channel.
fn facts(version: &str) -> Facts {
    Facts {
        stream_version: 3,
        skill: Some(Skill { display_name: "Greeter".into(), description: Some("Greets".into()), enabled: true }),
        version: Some(KnownVersion { digest: release(version).digest, signature: None }),
        active: Some(Active { version: version.into(), release_id: "r0".into() }),
    }
}

fn types(events: &[SkillEvent]) -> Vec<String> {
    events.iter().map(|event| crate::DomainEvent::encode(event).event_type).collect()
}

#[test]
fn a_first_deploy_makes_the_skill_its_version_and_its_release() {
    let deployed = deploy(&Facts::default(), release("1.0.0"), "r1".into()).unwrap();
    assert_eq!(types(&deployed.events), ["SkillCreated", "SkillVersionAdded", "SkillActivated"]);
    assert_eq!((deployed.is_new, deployed.release_id.as_str()), (true, "r1"));
    let named = SkillEvent::SkillCreated { display_name: "greeter".into(), description: None };
    assert_eq!(deployed.events[0], named);
}

#[test]
fn the_same_again_is_no_event_and_the_same_release() {
    let deployed = deploy(&facts("1.0.0"), release("1.0.0"), "r1".into()).unwrap();
    assert_eq!(deployed, Deployed { events: Vec::new(), is_new: false, release_id: "r0".into() });
}

#[test]
fn an_older_version_again_is_a_way_back() {
    let active = Some(Active { version: "2.0.0".into(), release_id: "r0".into() });
    let deployed = deploy(&Facts { active, ..facts("1.0.0") }, release("1.0.0"), "r1".into()).unwrap();
    assert_eq!((types(&deployed.events), deployed.is_new), (vec!["SkillActivated".to_owned()], false));
}

#[test]
fn a_version_never_changes() {
    let other = deploy_of("1.0.0", with(&[("a", "b")]));
    let refusal = deploy(&facts("1.0.0"), Release::check(other).unwrap(), "r1".into()).unwrap_err();
    assert_eq!((refusal.code, refusal.field), ("skill_version_conflict", Some("version")));
    let entry = Deploy { entry_point: Some("main".into()), ..deploy_of("1.0.0", with(&[])) };
    assert!(deploy(&facts("1.0.0"), Release::check(entry).unwrap(), "r1".into()).is_err());
}

#[test]
fn w35_a_deploy_leaves_a_disabled_skill_disabled() {
    let mut known = facts("1.0.0");
    known.skill.as_mut().unwrap().enabled = false;
    let unknown_version = Facts { version: None, ..known };
    let deployed = deploy(&unknown_version, release("2.0.0"), "r1".into()).unwrap();
    assert_eq!(types(&deployed.events), ["SkillVersionAdded", "SkillActivated"]);
}

#[test]
fn what_people_read_stays_until_something_else_is_said() {
    let said = |display_name: Option<&str>, description: Option<&str>| {
        let deploy_as = Deploy {
            display_name: display_name.map(str::to_owned),
            description: description.map(str::to_owned),
            ..deploy_of("1.0.0", with(&[]))
        };
        deploy(&facts("1.0.0"), Release::check(deploy_as).unwrap(), "r1".into()).unwrap().events
    };
    assert_eq!(said(None, None), []);
    assert_eq!(said(Some(" "), Some(" Greets ")), []);
    let other = |display_name: &str, description: Option<&str>| {
        [SkillEvent::SkillDescribed { display_name: display_name.into(), description: description.map(str::to_owned) }]
    };
    assert_eq!(said(Some("Other"), None), other("Other", Some("Greets")));
    assert_eq!(said(None, Some("")), other("Greeter", None));
    let long = Deploy { display_name: Some("x".repeat(129)), ..deploy_of("1.0.0", with(&[])) };
    assert_eq!(refused(long), ("invalid_field", Some("display_name")));
}

#[test]
fn another_signature_of_a_version_is_kept() {
    let signed = |signature: &str| Deploy { signature: Some(signature.into()), ..deploy_of("1.0.0", with(&[])) };
    let events = |facts: &Facts, deploy_as| deploy(facts, Release::check(deploy_as).unwrap(), "r1".into()).unwrap().events;
    let anew = SkillEvent::SkillVersionSigned { version: "1.0.0".into(), signature: "s".into() };
    assert_eq!(events(&facts("1.0.0"), signed("s")), [anew]);
    let mut known = facts("1.0.0");
    known.version.as_mut().unwrap().signature = Some("s".into());
    assert_eq!(events(&known, signed("s")), []);
    assert_eq!(events(&known, deploy_of("1.0.0", with(&[]))), []);
}

#[test]
fn only_what_is_there_is_activated_switched_and_deleted() {
    let there = facts("1.0.0");
    assert_eq!(activate(&there, Channel::Stable, "1.0.0", "r1".into()).unwrap().events, []);
    let forward = activate(&there, Channel::Stable, "2.0.0", "r1".into()).unwrap();
    assert_eq!((types(&forward.events), forward.release_id), (vec!["SkillActivated".to_owned()], "r1".to_owned()));
    let code = |facts: &Facts| activate(facts, Channel::Stable, "1.0.0", "r1".into()).unwrap_err().code;
    assert_eq!(code(&Facts { version: None, ..there.clone() }), "skill_version_not_found");
    assert_eq!(code(&Facts::default()), "skill_not_found");
    assert_eq!(switch(&there, true), Ok(None));
    assert_eq!(switch(&there, false), Ok(Some(SkillEvent::SkillDisabled {})));
    assert_eq!(switch(&Facts::default(), false).unwrap_err().code, "skill_not_found");
    assert_eq!(delete(&there), Ok(SkillEvent::SkillDeleted {}));
    assert_eq!(delete(&Facts::default()).unwrap_err().code, "skill_not_found");
}

#[test]
fn w63_versions_are_semantic_versions_the_whole_and_nothing_else() {
    for good in ["0.0.0", "1.0.0-a+b", "1.0.0+a-b", "1.0.0-alpha.1", "1.0.0-0a", "1.0.0+01", "10.20.30-x-y-z.--+001.sha"] {
        assert!(check_version(good).is_ok(), "{good}");
    }
    let long = format!("1.0.0-{}", "a".repeat(128));
    for bad in [
        "",
        "1",
        "1.0",
        "01.0.0",
        "1.00.0",
        "1.0.0-01",
        "1.0.0-",
        "1.0.0+",
        "1.0.0-a..b",
        "1.0.0+a+b",
        "v1.0.0",
        " 1.0.0",
        "1.0.0 ",
        "1.0.0\n",
        "1.0.0-ä",
        "-1.0.0",
        "1.0.0.0",
        "^1.0.0",
        "1.x.0",
        &long,
    ] {
        assert_eq!(refused(deploy_of(bad, with(&[]))), ("skill_version_invalid", Some("version")), "{bad:?}");
    }
}
