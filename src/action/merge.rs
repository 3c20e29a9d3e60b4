//! Several drafts become one: what marked rows are to have done to them, or one thing after another.

use crate::domain::{Draft, Intent, Line, Refusal, Text};

/// One draft of the drafts of an intent's parts, in their order: a part is begun when all of the one before is done, and
/// nothing is sent any more after the first that fails. One refusal refuses all, and says which.
///
/// # Errors
/// A part was refused, or there is nothing to do for any of them.
pub fn merge(intent: &Intent, drafts: Vec<Result<Draft, Refusal>>) -> Result<Draft, Refusal> {
    let mut merged = Draft::new(intent, Vec::new());
    let mut equivalents: Vec<Text> = Vec::new();
    let mut inverses: Vec<Option<Intent>> = Vec::new();
    for (part, draft) in intent.parts().iter().zip(drafts) {
        let draft = draft.map_err(|refusal| of_part(intent, part, refusal))?;
        let base = merged.steps.iter().map(|step| step.group + 1).max().unwrap_or(0);
        inverses.extend((!draft.steps.is_empty()).then_some(draft.inverse));
        merged.steps.extend(draft.steps.into_iter().map(|mut step| {
            step.group += base;
            step
        }));
        let name = part.target().local();
        let about = |line: Line| Line::new(line.kind, format!("{name}: {}", line.text));
        merged.notes.extend(draft.notes.into_iter().map(about));
        equivalents.extend(draft.equivalent);
        merged.grade = merged.grade.max(draft.grade);
    }
    merged.equivalent = (equivalents.len() == intent.parts().len()).then(|| joined(&equivalents));
    // What cannot be taken back whole is not offered to be taken back by one key.
    let inverses: Option<Vec<Intent>> = inverses.into_iter().rev().collect();
    merged.inverse = inverses.and_then(Intent::several);
    Ok(merged)
}

fn of_part(intent: &Intent, part: &Intent, refusal: Refusal) -> Refusal {
    if intent.parts().len() < 2 {
        return refusal;
    }
    let target = part.target();
    let all = format!("{} of {}", intent.verb(), intent.parts().len());
    let why = format!("{} ({}): {}", target.local(), target.cluster, refusal.why);
    Refusal { what: Text::from(all), why: Text::from(why), mend: refusal.mend }
}

fn joined(all: &[Text]) -> Text {
    let words: Vec<&str> = all.iter().map(Text::as_str).collect();
    Text::from(words.join(" && "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LineKind, Pin, Ref, Seen, Step, StepAction, Until};

    fn key(name: &str) -> Ref {
        format!("prod/shop/Deployment/{name}").parse().expect("a ref")
    }

    fn draft(name: &str, groups: &[u32], inverse: bool) -> Draft {
        let intent = Intent::Scale(key(name), 3);
        let pin = Pin { key: key(name), uid: "uid".into(), seen: Seen::Uid };
        let step = |group: &u32| Step {
            action: StepAction::SetReplicas(key(name), 3),
            pin: pin.clone(),
            until: Until::Accepted,
            timeout_seconds: 1,
            group: *group,
        };
        Draft {
            equivalent: Some(format!("scale {name}").into()),
            inverse: inverse.then(|| Intent::Scale(key(name), 2)),
            notes: vec![Line::new(LineKind::Note, "fits")],
            ..Draft::new(&intent, groups.iter().map(step).collect())
        }
    }

    fn both() -> Intent {
        Intent::Several(vec![Intent::Scale(key("a"), 3), Intent::Scale(key("b"), 3)])
    }

    #[test]
    fn each_is_begun_when_the_one_before_is_done_and_the_last_is_taken_back_first() {
        let all = merge(&both(), vec![Ok(draft("a", &[0, 1], true)), Ok(draft("b", &[0, 0], true))]).expect("a draft");
        let groups: Vec<u32> = all.steps.iter().map(|step| step.group).collect();
        assert_eq!(groups, [0, 1, 2, 2]);
        assert_eq!(all.equivalent.as_deref(), Some("scale a && scale b"));
        assert_eq!(all.inverse, Some(Intent::Several(vec![Intent::Scale(key("b"), 2), Intent::Scale(key("a"), 2)])));
        let notes: Vec<&str> = all.notes.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(notes, ["shop/a: fits", "shop/b: fits"]);
    }

    #[test]
    fn what_cannot_be_taken_back_whole_is_not_offered() {
        let all = merge(&both(), vec![Ok(draft("a", &[0], true)), Ok(draft("b", &[0], false))]).expect("a draft");
        assert_eq!(all.inverse, None);
        let idle = merge(&both(), vec![Ok(draft("a", &[0], true)), Ok(draft("b", &[], false))]).expect("a draft");
        assert_eq!(idle.inverse, Some(Intent::Scale(key("a"), 2)), "nothing is done to b");
    }

    #[test]
    fn one_refusal_refuses_all_and_says_which() {
        let refused = Refusal::of(&Intent::Scale(key("b"), 3), "its rollout is paused", "resume it first");
        let refusal = merge(&both(), vec![Ok(draft("a", &[0], true)), Err(refused)]).expect_err("a refusal");
        assert_eq!(refusal.to_string(), "scale of 2: shop/b (prod): its rollout is paused");
        assert_eq!(refusal.mend, "resume it first");
    }
}
