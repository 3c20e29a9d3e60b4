//! Who would take back what is done: autoscalers, and what keeps a repository applied.

use crate::domain::{Application, Autoscaler, Draft, Intent, Line, LineKind, Ref, Text, Variant};
use crate::state::View;

/// Who would fight it, and how to do it without the fight. Of whom the draft speaks already, having looked afresh, nothing is
/// said again.
pub(super) fn of(intent: &Intent, draft: &Draft, view: &View<'_>) -> (Vec<Line>, Option<Variant>) {
    let mut lines = Vec::new();
    let mut keepers: Vec<Ref> = Vec::new();
    let parts = intent.parts();
    let speaks = |word: &str, key: &Ref| {
        draft.notes.iter().any(|line| line.text.contains(word) && line.text.contains(key.name.as_str()))
    };
    let scaler = |key: &Ref| speaks("autoscaler ", key) || speaks("ScaledObject ", key);
    // With a way round it of its own the backend knows of the keeper.
    let kept = |key: &Ref| {
        let pause = Intent::Pause(key.clone());
        draft.variants.iter().any(|variant| variant.intent.parts().contains(&pause))
    };
    for part in parts {
        if let Intent::Scale(key, to) = part {
            lines.extend(view.autoscalers_of(key).filter(|it| !scaler(&it.key)).map(|it| scaled_by(it, *to)));
        }
        let paused = |it: &Application| parts.iter().any(|other| *other == Intent::Pause(it.key.clone()));
        let keeper = keeper_of(part, view).filter(|it| !paused(it) && !kept(&it.key) && !keepers.contains(&it.key));
        if let Some(keeper) = keeper {
            let name = keeper.key.local();
            let words = format!("application {name} syncs {} by itself, and may take this back", part.target().local());
            lines.push(Line::new(LineKind::Hurts, words));
            keepers.push(keeper.key.clone());
        }
    }
    let held = keepers.iter().cloned().map(Intent::Pause).chain(parts.iter().cloned());
    let without = Intent::several(held).filter(|_| !keepers.is_empty()).map(|intent| Variant {
        key: 'p',
        text: Text::new("switch the automatic sync off first; taking it back switches it on again"),
        intent,
    });
    (lines, without)
}

fn scaled_by(it: &Autoscaler, to: u32) -> Line {
    let (name, least, most) = (it.key.local(), it.least, it.most);
    if it.active == Some(false) {
        let words = format!("autoscaler {name} cannot read what it goes by, and does not set the number now");
        return Line::new(LineKind::Note, words);
    }
    let words = if to == 0 {
        format!("autoscaler {name} stands still while 0 are wanted: somebody has to scale it up again")
    } else if to < least || to > most {
        format!("autoscaler {name} keeps between {least} and {most}: it would set it back")
    } else {
        format!("autoscaler {name} wants {} now, between {least} and {most}: it may set it back", it.desired)
    };
    Line::new(LineKind::Hurts, words)
}

/// What keeps a workload as a repository has it, where it does so by itself and the change would differ from that.
fn keeper_of<'a>(part: &Intent, view: &View<'a>) -> Option<&'a Application> {
    let key = match part {
        Intent::Scale(key, _) | Intent::Undo(key, _) | Intent::Set(key, _) | Intent::Pause(key) => key,
        _ => return None,
    };
    view.applications().filter(|it| it.automated && it.keeps.contains(key)).min_by_key(|it| &it.key)
}
