//! Argo CD: who would take back what is changed by hand, and how its automatic sync is switched off and on again.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Kind, Line, Ref, Refusal, StepAction, Text, Until, Variant};

use super::super::kinds::ApiKind;
use super::super::words::dig::{is_true, list, text};
use super::change::{Change, How, lock};
use super::desk::{Desk, Only};
use super::{carry_out, draft};

/// What was taken out of an Application is kept here, so that exactly that can be put back.
const KEPT: &str = "cockpit.dev/automated";
const AUTOMATED: &str = "/spec/syncPolicy/automated";

/// Whether an Application is synced by itself. Newer ones can switch it off and keep the rest (`enabled`, Argo CD 3.1).
pub(super) fn is_automated(app: &Value) -> bool {
    app.pointer(AUTOMATED).is_some_and(|it| it.pointer("/enabled") != Some(&Value::Bool(false)))
}

/// What keeps an object as a repository has it, and what that does to a change; where it would be taken back at once, another
/// way to do it.
pub(super) async fn owner_notes(desk: Desk<'_>, object: &Value, intent: &Intent) -> (Vec<Line>, Option<Variant>) {
    let Some(mark) = mark(object) else { return Default::default() };
    let found = desk.list(ApiKind::ArgoApplications, None, Only::Fields(format!("metadata.name={}", mark.app)));
    let apps = match found.await {
        Ok(apps) => apps,
        Err(failed) if mark.sure && !failed.is_gone() => {
            let words = format!("whether Argo CD takes it back is not known: {failed}");
            return (vec![draft::note(words)], None);
        }
        Err(_) => return Default::default(),
    };
    let of_mark = |app: &&Value| mark.namespace.is_none_or(|it| it == text(app, "/metadata/namespace"));
    let Some(app) = apps.iter().filter(of_mark).find(|app| mark.sure || keeps(app, object)) else {
        return Default::default();
    };
    let name = Text::new(text(app, "/metadata/name"));
    if !is_automated(app) {
        let words =
            format!("Argo CD's application {name} takes it back at its next sync, unless its repository says so too");
        return (vec![draft::note(words)], None);
    }
    if !is_true(app, &format!("{AUTOMATED}/selfHeal")) {
        let words = format!("Argo CD's application {name} takes it back when its repository next changes");
        return (vec![draft::note(words)], None);
    }
    let key = Ref {
        cluster: intent.target().cluster.clone(),
        kind: Kind::Application,
        namespace: Some(text(app, "/metadata/namespace").into()),
        name: name.clone(),
    };
    let words = format!(
        "Argo CD's application {name} heals itself: it takes this back within minutes, if its repository says otherwise"
    );
    let variant = Intent::several([Intent::Pause(key), intent.clone()]).map(|intent| Variant {
        key: 'a',
        text: Text::from(format!("suspend auto-sync of {name}, then act")),
        intent,
    });
    (vec![draft::hurts(words)], variant)
}

/// Which application an object says that it belongs to.
struct Mark<'a> {
    app: &'a str,
    namespace: Option<&'a str>,
    /// Only Argo CD says so; the label has other uses.
    sure: bool,
}

/// argo-cd: util/argo/resource_tracking.go.
fn mark(object: &Value) -> Option<Mark<'_>> {
    let of = |place: &str, name: &str| object.pointer(place)?.get(name)?.as_str();
    if let Some(tracked) = of("/metadata/annotations", "argocd.argoproj.io/tracking-id") {
        let app = tracked.split(':').next().unwrap_or(tracked);
        let (namespace, app) = app.split_once('_').map_or((None, app), |(namespace, app)| (Some(namespace), app));
        return Some(Mark { app, namespace, sure: true });
    }
    let label = of("/metadata/labels", "argocd.argoproj.io/instance").map(|app| (app, true));
    let label = label.or_else(|| of("/metadata/labels", "app.kubernetes.io/instance").map(|app| (app, false)));
    label.map(|(app, sure)| Mark { app, namespace: None, sure })
}

fn keeps(app: &Value, object: &Value) -> bool {
    list(app, "/status/resources").iter().any(|it| {
        text(it, "/kind") == text(object, "/kind")
            && text(it, "/name") == text(object, "/metadata/name")
            && text(it, "/namespace") == text(object, "/metadata/namespace")
    })
}

/// How an Application's automatic sync would be switched.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, paused: bool) -> Result<Draft, Refusal> {
    let app = desk.subject(intent, key).await?;
    let mut draft = Draft::new(intent, Vec::new());
    if is_automated(&app) != paused {
        return Ok(draft);
    }
    let action = StepAction::SetPaused(key.clone(), paused);
    let change = carry_out::change(desk, &action, &app)
        .await
        .map_err(|why| Refusal::of(intent, why, "set spec.syncPolicy.automated as its repository has it"))?;
    desk.try_out(intent, from_ref(&change)).await?;
    // That it is so is not waited for: an Application is no workload, and its controller has nothing to do for it.
    draft.steps.push(draft::step(action, &app, Until::Accepted, draft::SOON));
    draft.inverse = Some(if paused { Intent::Resume(key.clone()) } else { Intent::Pause(key.clone()) });
    if paused && app.pointer(&format!("{AUTOMATED}/enabled")).is_none() {
        draft
            .notes
            .push(draft::note(format!("what is taken out is kept in its annotation {KEPT}, and put back from there")));
    }
    if let Some(owner) = super::instance::controller(&app) {
        let words = format!("{} {} may set it again", text(owner, "/kind"), text(owner, "/name"));
        draft.notes.push(draft::hurts(words));
    }
    Ok(draft)
}

/// The write. Where the object has the field that switches it, that; else it is taken out and kept.
pub(super) fn change(key: &Ref, app: &Value, paused: bool) -> Result<Change, Text> {
    let mut meta = lock(app);
    let automated = app.pointer(AUTOMATED);
    let switched = automated.is_some_and(|it| it.get("enabled").is_some());
    let kept = app.pointer("/metadata/annotations").and_then(|notes| notes.get(KEPT)).and_then(Value::as_str);
    let wanted = match (paused, automated) {
        (paused, Some(_)) if switched => json!({ "enabled": !paused }),
        (true, Some(automated)) => {
            meta["annotations"] = json!({ KEPT: automated.to_string() });
            Value::Null
        }
        (true, None) => return Err(Text::new("its automatic sync is off already")),
        (false, _) => {
            let kept = kept.and_then(|raw| serde_json::from_str::<Value>(raw).ok()).filter(Value::is_object);
            let kept = kept.ok_or_else(|| Text::new("how it was synced before is not known"))?;
            meta["annotations"] = json!({ KEPT: null });
            kept
        }
    };
    let body = json!({ "metadata": meta, "spec": { "syncPolicy": { "automated": wanted } } });
    Change::of(key, How::Merge, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Ref {
        "c/argocd/Application/shop".parse().expect("a ref")
    }

    fn merged(mut object: Value, patch: &Value) -> Value {
        for (name, value) in patch.as_object().expect("a patch") {
            match value {
                Value::Null => drop(object.as_object_mut().expect("an object").remove(name)),
                Value::Object(_) if object.get(name).is_some_and(Value::is_object) => {
                    object[name] = merged(object[name].clone(), value);
                }
                value => object[name] = value.clone(),
            }
        }
        object
    }

    #[test]
    fn what_is_taken_out_is_put_back_exactly() {
        let app = json!({ "metadata": { "uid": "u", "annotations": { "a": "b" } },
            "spec": { "syncPolicy": { "automated": { "prune": true, "selfHeal": true }, "retry": { "limit": 2 } } } });
        let off = merged(app.clone(), &change(&key(), &app, true).expect("a change").body);
        assert!(!is_automated(&off) && off.pointer("/spec/syncPolicy/retry/limit") == Some(&json!(2)), "{off}");
        let on = merged(off.clone(), &change(&key(), &off, false).expect("a change").body);
        assert_eq!((&on["spec"], &on["metadata"]["annotations"]), (&app["spec"], &app["metadata"]["annotations"]));
        let never = json!({ "spec": {} });
        assert!(change(&key(), &never, false).is_err(), "nobody knows how it was synced");
    }

    #[test]
    fn where_there_is_a_switch_it_is_used() {
        let app = json!({ "spec": { "syncPolicy": { "automated": { "enabled": true, "prune": true } } } });
        let off = merged(app.clone(), &change(&key(), &app, true).expect("a change").body);
        assert!(!is_automated(&off) && off.pointer("/spec/syncPolicy/automated/prune") == Some(&json!(true)));
        let on = merged(off.clone(), &change(&key(), &off, false).expect("a change").body);
        assert_eq!(on["spec"], app["spec"]);
    }

    #[test]
    fn an_object_says_whose_it_is() {
        let of = |raw: Value| {
            mark(&json!({ "metadata": raw })).map(|it| (it.app.to_owned(), it.namespace.map(str::to_owned), it.sure))
        };
        let tracked =
            json!({ "annotations": { "argocd.argoproj.io/tracking-id": "team_web:apps/Deployment:shop/web" } });
        assert_eq!(of(tracked), Some(("web".into(), Some("team".into()), true)));
        let label = json!({ "labels": { "app.kubernetes.io/instance": "web" } });
        assert_eq!(of(label), Some(("web".into(), None, false)));
        assert_eq!(of(json!({})), None);
    }
}
