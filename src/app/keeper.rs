//! What people said, kept: a thread of its own reads and writes the file, so that a slow disk holds up nobody.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::people::{Keeper, People};
use crate::domain::{Name, Text};

use super::What;

/// What another cockpit wrote is looked for so often.
const EVERY: Duration = Duration::from_secs(2);
/// What waits to be written, at most: a person types no faster.
const WAITING: usize = 64;
/// So long is waited at the end for what is being written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The way to the thread.
pub struct Keeping {
    words: SyncSender<(People, Vec<Name>)>,
    over: Receiver<()>,
}

impl Keeping {
    /// Starts to read, and to write what is said. What is heard goes to `replies`.
    pub fn start(keeper: Box<dyn Keeper>, replies: mpsc::Sender<What>) -> Option<Self> {
        let (words, said) = sync_channel(WAITING);
        let (end, over) = sync_channel(1);
        let thread = std::thread::Builder::new().name("people".to_owned()).spawn(move || {
            keep(keeper, &said, &replies);
            let _ = end.send(());
        });
        thread.ok().map(|_| Self { words, over })
    }

    /// Hands something over to be kept; whether it could be.
    pub fn keep(&self, people: People, forget: Vec<Name>) -> bool {
        self.words.try_send((people, forget)).is_ok()
    }

    /// Waits a little for what is being written.
    pub fn end(self) {
        drop(self.words);
        let _ = self.over.recv_timeout(LAST_WORDS);
    }
}

/// Until nobody has anything to say any more.
fn keep(mut keeper: Box<dyn Keeper>, said: &Receiver<(People, Vec<Name>)>, replies: &mpsc::Sender<What>) {
    let mut trouble: Option<Text> = None;
    let mut answer = keeper.look();
    // What could not be written is tried again with what is said next.
    let mut owed = People::default();
    loop {
        match answer.take() {
            Some(Ok(people)) => {
                trouble = None;
                let _ = replies.blocking_send(What::People(people));
            }
            Some(Err(why)) if trouble.as_ref() != Some(&why) => {
                trouble = Some(why.clone());
                let _ = replies.blocking_send(What::Warned(why));
            }
            Some(Err(_)) | None => {}
        }
        answer = match said.recv_timeout(EVERY) {
            Ok((people, forget)) => {
                owed.merge(&people);
                let kept = keeper.keep(&owed, &forget);
                if kept.is_ok() {
                    owed = People::default();
                }
                Some(kept)
            }
            Err(RecvTimeoutError::Timeout) => keeper.look(),
            Err(RecvTimeoutError::Disconnected) => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::domain::people::Saying;
    use crate::domain::{ClusterId, Timestamp};

    /// Answers as it was told, one answer a word, and shows what it was given.
    struct Told {
        answers: VecDeque<Result<(), Text>>,
        given: SyncSender<People>,
    }

    impl Keeper for Told {
        fn look(&mut self) -> Option<Result<People, Text>> {
            None
        }

        fn keep(&mut self, new: &People, _: &[Name]) -> Result<People, Text> {
            let _ = self.given.try_send(new.clone());
            self.answers.pop_front().unwrap_or(Ok(())).map(|()| new.clone())
        }
    }

    fn noted(incident: &str) -> People {
        let of = (&ClusterId::new("prod"), "shop/api".into());
        let note = Saying::Note("seen".into());
        People::default().say(&incident.into(), of, note, &"anna".into(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_could_not_be_written_is_said_once_and_written_with_the_next_word() {
        let (given, seen) = sync_channel(8);
        let failed = || Err(Text::new("the disk is full"));
        let told = Told { answers: [failed(), failed(), Ok(())].into(), given };
        let (sender, mut replies) = mpsc::channel(8);
        let keeping = Keeping::start(Box::new(told), sender).expect("a thread");
        for incident in ["1", "2", "3"] {
            assert!(keeping.keep(noted(incident), Vec::new()));
        }
        keeping.end();
        let heard: Vec<What> = std::iter::from_fn(|| replies.blocking_recv()).collect();
        assert!(matches!(&heard[..], [What::Warned(_), What::People(_)]), "{heard:?}");
        let last = seen.iter().last().expect("given");
        assert!(["1", "2", "3"].iter().all(|incident| last.of(&(*incident).into()).is_some()), "{last:?}");
    }

    #[test]
    fn a_loop_that_listens_no_more_holds_nobody_up() {
        let (given, seen) = sync_channel(8);
        let (sender, mut replies) = mpsc::channel(1);
        let keeping = Keeping::start(Box::new(Told { answers: VecDeque::new(), given }), sender).expect("a thread");
        for incident in ["1", "2", "3", "4"] {
            assert!(keeping.keep(noted(incident), Vec::new()));
        }
        replies.close();
        keeping.end();
        assert_eq!(seen.iter().count(), 4, "and all of it is kept");
    }
}
