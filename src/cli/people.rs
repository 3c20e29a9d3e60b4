//! Who sits here, and where is kept what people say.

use std::path::PathBuf;

use crate::domain::Text;
use crate::domain::people::{Keeper, People};
use crate::ledger::Store;

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

/// What keeps what people say; a simulation and a recording have none.
pub fn keeper(session: &Session) -> Option<Store> {
    let made_up = session.common.demo.is_some() || session.common.replay.is_some();
    state_dir().filter(|_| !made_up).map(|dir| Store::in_dir(&dir))
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
