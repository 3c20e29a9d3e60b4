//! What comes of everything that can be meant of an object, in words.

use std::fmt::Write as _;

use cockpit::domain::{Backend, Debugger, Draft, Enter, Including, Intent, Ref, Refusal, Seen, Setting};

/// Of these objects, each under the name that it is told by.
pub async fn every(backend: &dyn Backend, keys: &[(&str, Ref)]) -> String {
    let mut out = String::new();
    for (name, key) in keys {
        for intent in everything(key) {
            let answer = backend.prepare(intent.clone()).await;
            let _ = writeln!(out, "{} {name}\n{}", intent.verb(), in_words(&answer));
        }
    }
    out
}

/// What came of one of them.
pub fn in_words(what: &Result<Draft, Refusal>) -> String {
    let mut out = String::new();
    match what {
        Err(refusal) => write!(out, "  no: {}\n  do: {}\n", refusal.why, refusal.mend),
        Ok(draft) => {
            for step in &draft.steps {
                let seen = match &step.pin.seen {
                    Seen::Spec(_) => "its definition".to_owned(),
                    Seen::Uid => "itself".to_owned(),
                    other => format!("{other:?}"),
                };
                let action = format!("{:?}", step.action);
                let until = format!("{:?}", step.until);
                let verb = |debug: &str| debug.split('(').next().unwrap_or_default().to_owned();
                let (verb, until) = (verb(&action), verb(&until));
                let name = step.action.target().local();
                let _ = writeln!(
                    out,
                    "  {}. {verb} {name}, pinned to {seen}, until {until} within {} s",
                    step.group, step.timeout_seconds
                );
            }
            for line in &draft.notes {
                let kind = format!("{:?}", line.kind).to_lowercase();
                let _ = writeln!(out, "  {kind}: {}", line.text);
            }
            if let Some(grade) = draft.grade {
                let _ = writeln!(out, "  at least {grade:?}");
            }
            let back = draft.inverse.as_ref().map_or("none".to_owned(), |it| format!("{} {}", it.verb(), it.target()));
            write!(out, "  same as: {}\n  back: {back}\n", draft.equivalent.as_deref().unwrap_or("none"))
        }
    }
    .expect("memory");
    out
}

/// Everything that can be meant of one object.
pub fn everything(key: &Ref) -> Vec<Intent> {
    let k = || key.clone();
    vec![
        Intent::Restart(k()),
        Intent::Scale(k(), 5),
        Intent::Undo(k(), None),
        Intent::Set(k(), Setting::Image(None, "web:2".into())),
        Intent::Set(k(), Setting::Memory(None, Some(128 << 20))),
        Intent::Set(k(), Setting::Cpu(None, Some(1500))),
        Intent::Cordon(k()),
        Intent::Uncordon(k()),
        Intent::Drain(k(), Including::default()),
        Intent::Pause(k()),
        Intent::Resume(k()),
        Intent::Promote(k()),
        Intent::Abort(k()),
        Intent::Stop(k()),
        Intent::Start(k()),
        Intent::Kill(k()),
        Intent::Recreate(k()),
        Intent::Trigger(k()),
        Intent::Unblock(k()),
        Intent::Prune(k()),
        Intent::Shell(k(), Enter::default()),
        Intent::Shell(k(), Enter { debug: Some(Debugger::default()), ..Enter::default() }),
    ]
}
