//! Keeping the score of a drill: what a person looks at and does is what they always would.

use crate::app::{App, Drill, Moment, Task, rows};
use crate::domain::Timestamp;
use crate::ui::{Overlay, Screen};

/// Whether something is looked at more closely than a list shows it.
fn looks_closely(screen: &Screen) -> bool {
    !screen.layers.is_empty() || matches!(screen.overlay, Some(Overlay::Preview(_) | Overlay::Prompt(_)))
}

impl App {
    /// Takes part in a drill.
    pub fn drill(&mut self, tasks: Vec<Task>, now: Timestamp) {
        self.drill = Some(Box::new(Drill::new(tasks, now)));
    }

    /// What came of the drill, where there is one.
    pub fn drilled(&self, now: Timestamp) -> Option<String> {
        self.drill.as_ref().map(|drill| drill.report(now))
    }

    /// Keeps the drill's score. Costs nothing where there is none.
    pub(super) fn keep_score(&mut self, at: Moment) {
        let Some(mut drill) = self.drill.take() else { return };
        let view = self.core.view(at.now);
        if looks_closely(&self.screen)
            && let Some(key) = rows::target(&self.screen, &self.model(at.now))
        {
            drill.looked_at(&key, &view);
        }
        drill.judge(self.core.runs().runs(), &view);
        let was_over = drill.is_over();
        drill.look(self.core.diagnosis(), &view);
        let is_over = drill.is_over();
        self.drill = Some(drill);
        if is_over && !was_over {
            self.say_long(at, "everything is mended: leave (q) to see the score", None);
        }
    }
}
