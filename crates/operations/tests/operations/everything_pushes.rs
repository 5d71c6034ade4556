//! One of every operation on push templates, push jobs and broadcasts. The user `u` is bound to the agent `a`.

use clawstead_domain::push::{BroadcastDraft, JobChange, Periodicity, Schedule, TemplateChange, TemplateDraft};
use clawstead_operations::push::{self, JobText, NewJob, PushTemplates, RunsOf};
use clawstead_operations::{Cx, OperationError, snapshots, users};

use crate::recording::Recording;

pub(crate) async fn pushes(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let daily: Schedule = serde_json::from_value(serde_json::json!({"kind": "daily", "time": "08:00"})).unwrap();
    let draft = TemplateDraft {
        company_id: None,
        template_key: "check-in".into(),
        title: "Check-in".into(),
        text: "hello".into(),
        periodicity: Periodicity::Daily,
        suggested_times: vec![daily],
        enabled: true,
        by: "u".into(),
    };
    let template = push::create_template(cx, &draft).await?;
    let other = TemplateChange { title: Some("Other".into()), by: "u".into(), ..TemplateChange::default() };
    push::change_template(cx, &template.template_id, &other).await?;
    for include_disabled in [true, false] {
        for after in [None, Some(template.template_id.as_str())] {
            push::list_templates(cx, PushTemplates { company_id: None, include_disabled, after }, 10).await?;
        }
    }
    let wanted = NewJob {
        company_id: None,
        consumer_user_id: "u".into(),
        agent_key: Some("a".into()),
        says: JobText::Template(template.template_id.clone(), None),
        timezone: "Europe/Rome".into(),
        enabled: true,
    };
    let job = push::create_job(cx, &wanted).await?;
    push::trigger(cx, &job.job_id, None, Some("click")).await?;
    let late = cx.at(cx.now + 86_400_000);
    assert_eq!(push::dispatch_due(&late, 10).await?.enqueued, 1);
    let off = JobChange { enabled: Some(false), ..JobChange::default() };
    push::change_job(&cx.at(late.now + 86_400_000), &job.job_id, &off).await?;
    let companies = Some(vec![String::new()]);
    for agent in [None, Some("a")] {
        assert_eq!(push::jobs_of_user(cx, "u", agent, &companies, true).await?.len(), 1);
    }
    for of in [RunsOf::Job(&job.job_id), RunsOf::UserAgent("u", "a")] {
        assert_eq!(push::dispatches(cx, of, &companies, i64::MAX, 10).await?.len(), 2);
    }
    push::push_stats(cx, "u", "a", &companies).await?;
    users::conversation_stats(cx, "u", "a").await?;
    snapshots::list_of_user_agent(cx, "u", "a", 10).await?;
    push::delete_job(cx, &job.job_id).await?;
    push::delete_template(cx, &template.template_id).await?;
    let news =
        BroadcastDraft { title: "News".into(), text: "hello".into(), requested_by: "u".into(), ..BroadcastDraft::default() };
    let made = push::send_broadcast(cx, &news, Some("broadcast".to_owned())).await?;
    assert!(made.enqueued > 0);
    push::advance_broadcasts(cx, 10).await?;
    push::broadcasts(cx, None, 10).await.map(drop)
}
