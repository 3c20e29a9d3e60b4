//! Hard terminals and hostile words.

use cockpit::domain::{BackendKind, Instance, Kind, Object, Occurrence, OccurrenceKind, Phase};
use cockpit::ui::theme::{Depth, built_in, by_name};
use cockpit::ui::{CaseFile, CaseTab, Input, Layer, Look, Overlay, Pane, RowKey};

use super::night::{self, Telling, ago, core, key, workload};
use super::stage::Stage;

fn hostile() -> cockpit::engine::Core {
    let mut t = Telling::of("prod", BackendKind::Docker, &["services", "tasks"]);
    let names = [
        "plain",
        "esc\u{1b}[2J\u{1b}]0;owned\u{7}",
        "rtl\u{202e}gnp.exe",
        "日本語のとても長いサービス名前です",
        "emoji🚀🔥👩",
        "zwj👩\u{200d}💻",
        "combining e\u{301}\u{300}\u{302}",
        "tab\tand\nnewline",
        "halfﾞwidthﾟ",
        "\u{9b}31m",
    ];
    for name in names {
        let it = workload(key("prod", Kind::Service, "shop", name), 2, "registry.example/日本/🚀:1");
        let pod = key("prod", Kind::Task, "shop", &format!("{name}.1"));
        let mut failed = Instance::new(pod.clone(), "uid", Some(it.key.clone()), Phase::Rejected);
        failed.message = Some("\u{1b}[31mno such image: 日本\u{202e}".into());
        t.put("tasks", Object::Instance(Box::new(failed)));
        let mut crash = Occurrence::once(format!("crash {name}"), OccurrenceKind::Crash, pod, ago(2));
        crash.workload = Some(it.key.clone());
        crash.code = Some(139);
        crash.text = Some("panic: \u{1b}[31m日本\u{7}🚀".into());
        t.occurred(crash);
        t.workload("services", it);
    }
    core(&["prod"], vec![t.batch(&[])])
}

#[test]
fn hostile_names_are_shown_and_keep_everything_in_line() {
    for pane in [Pane::Triage, Pane::Kills, Pane::Workloads] {
        let stage = Stage::of(hostile(), (80, 24)).at(pane);
        let buffer = stage.buffer();
        let symbols: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
        assert!(!symbols.chars().any(char::is_control), "a control character reached the frame");
        assert!(!symbols.contains('\u{202e}'));
        insta::assert_snapshot!(format!("hostile-{}-80x24", pane.title().to_lowercase()), stage.text());
    }
}

#[test]
fn every_symbol_is_as_wide_as_the_cells_it_has() {
    use unicode_width::UnicodeWidthStr;
    for pane in Pane::ALL {
        for wide in [40, 61, 80, 121, 160, 200] {
            let buffer = Stage::of(hostile(), (wide, 24)).at(pane).buffer();
            for y in 0..24 {
                let mut x = 0;
                while x < wide {
                    let symbol = buffer[(x, y)].symbol();
                    let columns = (symbol.width() as u16).max(1);
                    assert!(x + columns <= wide, "{pane:?} {wide}: {symbol:?} runs over the edge");
                    for under in x + 1..x + columns {
                        assert_eq!(buffer[(under, y)].symbol(), " ", "{pane:?}: something is under {symbol:?}");
                    }
                    x += columns;
                }
            }
        }
    }
}

#[test]
fn without_utf8_nothing_but_ascii_is_drawn() {
    let look = Look { ascii: true, palette: by_name("dark").expect("dark").palette(Depth::Mono) };
    for core in [night::night, hostile] {
        for pane in Pane::ALL {
            let mut stage = Stage::of(core(), (200, 60)).at(pane);
            stage.screen.look = look.clone();
            let text = stage.text();
            assert!(text.is_ascii(), "{pane:?}: {:?}", text.chars().find(|c| !c.is_ascii()));
        }
    }
    for (name, pane) in [("triage", Pane::Triage), ("nodes", Pane::Nodes), ("queues", Pane::Queues)] {
        let mut stage = Stage::of(night::night(), (80, 24)).at(pane);
        stage.screen.look = look.clone();
        insta::assert_snapshot!(format!("ascii-{name}-80x24"), stage.text());
    }
}

#[test]
fn without_colour_there_is_none() {
    use ratatui::style::Color;
    for pane in Pane::ALL {
        let mut stage = Stage::of(night::night(), (200, 60)).at(pane);
        stage.screen.look.palette = by_name("dark").expect("dark").palette(Depth::Mono);
        let buffer = stage.buffer();
        assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    }
}

#[test]
fn in_sixteen_colours_there_are_no_others() {
    use ratatui::style::Color;
    for theme in built_in() {
        let mut stage = Stage::of(night::night(), (200, 60)).at(Pane::Triage);
        stage.screen.look.palette = theme.palette(Depth::Sixteen);
        let beyond = |color: Color| matches!(color, Color::Rgb(..) | Color::Indexed(_));
        assert!(!stage.buffer().content().iter().any(|cell| beyond(cell.fg) || beyond(cell.bg)));
    }
}

#[test]
fn small_terminals() {
    for size in [(40, 10), (60, 16), (20, 4), (19, 3)] {
        let stage = Stage::of(night::night(), size).at(Pane::Triage);
        insta::assert_snapshot!(format!("small-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn no_size_is_too_small_or_too_large_to_draw() {
    let core = night::night();
    let mut stage = Stage::of(core, (1, 1)).at(Pane::Triage);
    let incident = stage.screen.home.lists[&Pane::Triage].order[0].clone();
    let overlays = [
        None,
        Some(Overlay::Help(Default::default())),
        Some(Overlay::Palette { input: Input::default(), items: Vec::new(), selected: 9, menu: None }),
        Some(Overlay::Filter(Input { text: "日本語".to_owned(), cursor: 3 })),
        Some(Overlay::Run(7)),
    ];
    let sizes = [(0, 0), (1, 1), (2, 2), (5, 1), (1, 9), (20, 4), (21, 5), (33, 7), (40, 10), (79, 11), (300, 100)];
    for size in sizes {
        for overlay in &overlays {
            for tab in CaseTab::ALL {
                stage.screen.size = size;
                stage.screen.overlay = overlay.clone();
                stage.screen.layers =
                    vec![Layer::Case(CaseFile { scroll: 999, ..CaseFile::new(incident.clone(), tab) })];
                stage.buffer();
            }
            stage.screen.layers.clear();
            for pane in Pane::ALL {
                stage = stage.at(pane);
                stage.buffer();
                // A list that points anywhere is drawn all the same.
                let list = stage.screen.home.lists.entry(pane).or_default();
                list.top = 10_000;
                list.selected = Some(RowKey::Run(99));
                list.order.push(RowKey::Run(99));
                stage.buffer();
            }
        }
    }
}
