//! Who sits here, and where is kept what people say.

use std::path::PathBuf;
use std::thread::JoinHandle;

use crate::action::Numbers;
use crate::domain::journal::{Journal, News};
use crate::domain::people::{Keeper, People};
use crate::domain::{Person, Text};
use crate::ledger::{Ledger, Memory, Mirrored, Place, Store};

use super::headless::Known;
use super::session::{Session, env};

/// Who sits here: `anna@bastion`.
pub fn me() -> Text {
    let user = ["USER", "LOGNAME"].into_iter().find_map(env).unwrap_or_else(|| "somebody".to_owned());
    // What the kernel says first: the variable is the shell's own, and seldom handed on.
    let said =
        ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter().find_map(|file| std::fs::read_to_string(file).ok());
    let host = said.or_else(|| env("HOSTNAME")).map(|host| host.trim().to_owned()).filter(|host| !host.is_empty());
    Text::from(host.map_or_else(|| user.clone(), |host| format!("{user}@{host}")))
}

/// The same, and where they came from: sshd says so in SSH_CONNECTION (sshd(8), the client's address first).
pub fn person() -> Person {
    let from = ["SSH_CONNECTION", "SSH_CLIENT"].into_iter().find_map(env);
    let origin = from.and_then(|said| said.split_whitespace().next().map(Text::new));
    Person { name: me(), origin, credential: None }
}

/// What tells the runs of this cockpit from those of others.
pub fn numbers(session: &Session) -> Numbers {
    if made_up(session) { Numbers::default() } else { Numbers::shared(fastrand::u64(..)) }
}

/// Where the journal is kept; nowhere for a simulation and a recording.
pub fn journal(session: &Session) -> Box<dyn Journal> {
    match place(session) {
        Some(place) if session.config.mirror_to_syslog => Box::new(Mirrored::new(Box::new(Ledger::new(place)))),
        Some(place) => Box::new(Ledger::new(place)),
        None => Box::new(Memory::default()),
    }
}

/// The journal on its way.
pub struct Hearing(Option<JoinHandle<Option<News>>>);

/// Reads what the journal says, where there is one, while servers are asked: what is synchronised of its file takes a disk's time.
pub fn hear(session: &Session) -> Hearing {
    let place = place(session).filter(|place| place.file().exists());
    Hearing(place.map(|place| std::thread::spawn(move || Ledger::new(place).tend())))
}

impl Hearing {
    /// Tells what is known of it. What cannot be read is said, and stops nothing.
    pub fn tell(self, known: &mut Known) {
        let Some(Ok(Some(news))) = self.0.map(JoinHandle::join) else { return };
        news.said.iter().for_each(|said| eprintln!("cockpit: {said}"));
        known.core.hear_journal(&news);
        known.core.settle_now(known.now);
    }
}

/// The directory of what is kept: that of the settings, else a person's own.
pub fn place(session: &Session) -> Option<Place> {
    if made_up(session) {
        return None;
    }
    match &session.config.state_dir {
        Some(dir) => Some(Place::shared(dir)),
        None => state_dir().map(Place::own),
    }
}

const fn made_up(session: &Session) -> bool {
    session.common.demo.is_some() || session.common.replay.is_some()
}

/// What keeps what people say; a simulation and a recording have none.
pub fn keeper(session: &Session) -> Option<Store> {
    state_dir().filter(|_| !made_up(session)).map(|dir| Store::in_dir(&dir))
}

/// What was said until now. What cannot be read is said, and stops nothing.
pub fn said(session: &Session) -> People {
    match keeper(session).and_then(|mut store| store.look()) {
        Some(Ok(people)) => people,
        Some(Err(why)) => {
            eprintln!("cockpit: {why}");
            People::default()
        }
        None => People::default(),
    }
}

/// `XDG_STATE_HOME/cockpit`, else `~/.local/state/cockpit`; where a system has no such place, that of its data.
fn state_dir() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "cockpit")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
}
