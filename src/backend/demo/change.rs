//! What a revision has that the one before had not.

use crate::domain::words::bytes;
use crate::domain::{Answer, Change, Difference, How, Name, Ref, Text};

use super::sim::Sim;

impl Sim {
    /// One revision of a workload against the one before.
    pub(super) fn change(&self, workload: &Ref, revision: &Name) -> Answer {
        let templates = self.workloads.get(workload).map_or(&[][..], |it| &it.templates);
        let place = templates.iter().position(|it| it.revision.id == *revision);
        let Some([now, before]) = place.and_then(|place| templates.get(place..place + 2)) else {
            return Answer::Failed(Text::new("no revision before it is kept"));
        };
        let differs = |what: &str, was: String, now: String| {
            let changed = How::Changed(Some((Text::from(was.clone()), Text::from(now.clone()))));
            (was != now).then(|| Difference { what: Text::new(what), how: changed })
        };
        let image = differs("image", before.image.to_string(), now.image.to_string());
        let memory = differs("memory request", bytes(before.request), bytes(now.request));
        Answer::Changed(Box::new(Change {
            from: before.revision.id.clone(),
            to: now.revision.id.clone(),
            at: now.revision.at,
            by: now.revision.by.clone(),
            differences: image.into_iter().chain(memory).collect(),
        }))
    }
}
