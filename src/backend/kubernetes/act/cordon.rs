//! Whether a node takes anything new.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Kind, Ref, Refusal, StepAction, Text, Until};

use super::super::words::dig::{is_true, list, text};
use super::change::{Change, How, of_spec};
use super::desk::Desk;
use super::{carry_out, draft};

/// How a node would be cordoned or uncordoned.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, cordoned: bool) -> Result<Draft, Refusal> {
    only_nodes(intent, key)?;
    let node = desk.subject(intent, key).await?;
    let mut draft = Draft::new(intent, Vec::new());
    if is_true(&node, "/spec/unschedulable") == cordoned {
        // No step: it is as it is wanted.
        return Ok(draft);
    }
    let action = StepAction::SetCordon(key.clone(), cordoned);
    let change = carry_out::change(desk, &action, &node).await.map_err(|why| Refusal::of(intent, why, ""))?;
    desk.try_out(intent, from_ref(&change)).await?;
    let until = Until::Cordoned(key.clone(), cordoned);
    draft.steps.push(draft::step(action, &node, until, draft::SOON));
    draft.inverse = Some(if cordoned { Intent::Uncordon(key.clone()) } else { Intent::Cordon(key.clone()) });
    if !cordoned {
        draft
            .notes
            .extend(keeps_away(&node).map(|taint| draft::note(format!("its taint {taint} still keeps pods away"))));
    }
    Ok(draft)
}

/// What has no node of its own cannot be emptied.
pub(super) fn only_nodes(intent: &Intent, key: &Ref) -> Result<(), Refusal> {
    if key.kind == Kind::Node {
        return Ok(());
    }
    Err(Refusal::of(intent, format!("a {} is no node", key.kind.noun()), "choose a node"))
}

/// Taints of a node besides that of being cordoned.
fn keeps_away(node: &Value) -> impl Iterator<Item = String> + '_ {
    let taints = list(node, "/spec/taints").iter();
    let own = |taint: &&Value| text(taint, "/key") == "node.kubernetes.io/unschedulable";
    let away = |taint: &&Value| matches!(text(taint, "/effect"), "NoSchedule" | "NoExecute");
    taints.filter(move |taint| !own(taint) && away(taint)).map(|taint| text(taint, "/key").to_owned())
}

/// The write.
pub(super) fn change(key: &Ref, node: &Value, cordoned: bool) -> Result<Change, Text> {
    let wanted = if cordoned { json!(true) } else { Value::Null };
    let mut body = of_spec(node, json!({ "unschedulable": wanted }));
    // Kubelets write the status of their nodes all the time, over a slow line faster than what was read can be written: the uid holds it to
    // this node, and of what is set alone it was looked at just now (kubectl: staging/src/k8s.io/kubectl/pkg/drain/cordon.go locks
    // nothing either).
    if let Some(of) = body["metadata"].as_object_mut() {
        of.remove("resourceVersion");
    }
    Change::of(key, How::Strategic, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kubelet_says_meanwhile_refuses_nothing_and_another_node_of_that_name_does() {
        let node = json!({ "metadata": { "name": "n1", "uid": "u-1", "resourceVersion": "7" }, "spec": {} });
        let key: Ref = "prod/-/Node/n1".parse().expect("a ref");
        let body = |cordoned| change(&key, &node, cordoned).expect("a change").body;
        assert_eq!(body(true), json!({ "metadata": { "uid": "u-1" }, "spec": { "unschedulable": true } }));
        assert_eq!(body(false), json!({ "metadata": { "uid": "u-1" }, "spec": { "unschedulable": null } }));
    }
}
