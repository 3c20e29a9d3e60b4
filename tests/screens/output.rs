//! What programs write, as it is shown: records of the usual loggers, stacks, colours, and what is hard to show.

use cockpit::domain::{Kind, LogLine, LogRequest};
use cockpit::ui::theme::{Depth, by_name};
use cockpit::ui::{Go, Layer, LogView, Page, Pattern};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::night::{ago, key};
use super::open::staged;
use super::stage::Stage;

const SMALL: (u16, u16) = (80, 24);

/// As each logger writes it.
const RECORDS: [(&str, &str); 8] = [
    (
        "winston",
        r#"{"level":"error","message":"cannot charge","code":"ECONNREFUSED","stack":"Error: refused\n    at charge (cart.js:42:7)\n    at main (index.js:3:1)","timestamp":"2026-11-24T01:02:03.000Z"}"#,
    ),
    (
        "zap",
        r#"{"level":"warn","ts":1732410123.5,"caller":"cart/cart.go:42","msg":"slow","took":1.25,"user":{"id":42}}"#,
    ),
    ("slog", r#"{"time":"2026-11-24T01:02:03Z","level":"INFO","msg":"listening","addr":":8080"}"#),
    (
        "pino",
        r#"{"level":30,"time":1732410123456,"pid":1,"hostname":"a","req":{"method":"GET","url":"/cart"},"msg":"request"}"#,
    ),
    ("logrus", r#"time="2026-11-24T01:02:03Z" level=warning msg="disk \"data\" is full" free=0 path=/data"#),
    (
        "bunyan",
        r#"{"name":"shop","hostname":"a","pid":1,"level":60,"msg":"over","err":{"message":"no","code":3},"time":"2026-11-24T01:02:03Z","v":0}"#,
    ),
    ("slog text", r#"time=2026-11-24T01:02:03.000Z level=DEBUG msg="read it" file=a.toml bytes=120"#),
    ("none", "GET /api/cart 200 12 ms"),
];

const STACKS: &str = "{\"level\":\"info\",\"msg\":\"before\"}
{\"level\":\"error\",\"msg\":\"cannot charge\"}
java.lang.IllegalStateException: no connection
\tat shop.Cart.charge(Cart.java:42)
Caused by: java.net.ConnectException: refused
\t... 12 more
{\"level\":\"info\",\"msg\":\"between\"}
level=error msg=\"cannot charge\"
Traceback (most recent call last):
  File \"cart.py\", line 42, in charge
    connect()
ConnectionError: refused
level=info msg=between
level=fatal msg=\"it is over\"
goroutine 1 [running]:
main.charge(0xc000010000)
\t/app/cart.go:42 +0x1d
level=info msg=after";

/// One of each that is hard.
fn hard() -> Vec<LogLine> {
    let long = format!("{}end", "0123456789 ".repeat(20));
    let lines: [&[u8]; 14] = [
        b"\x1b[32mINFO\x1b[0m \x1b[1;38;5;208mcolours\x1b[0m \x1b[48;2;10;20;30mof\x1b[0m their own",
        b"\x1b[2J\x1b[1;1H\x1b]0;owned\x07 what drives a terminal",
        b"\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
        b"\xff\xfe not UTF-8 \xc3(",
        b"  1%\r 50%\r100% done",
        b"a\tb\tc",
        b"longer\tb\tc",
        "שלום עולם right to left".as_bytes(),
        "evil\u{202e}gnp.exe".as_bytes(),
        "🚀🔥👩‍💻 emoji, and e\u{301}\u{300} combined".as_bytes(),
        "日本語のログ ハﾞンド".as_bytes(),
        b"nul\0nul",
        b"",
        long.as_bytes(),
    ];
    let at = |n: usize| ago(20 - i64::try_from(n).expect("few"));
    let line = |(n, raw): (usize, &[u8])| LogLine::output(Some(at(n)), false, String::from_utf8_lossy(raw));
    lines.into_iter().enumerate().map(line).collect()
}

fn view(lines: Vec<LogLine>) -> LogView {
    let instance = key("prod", Kind::Pod, "shop", "worker-8rp94");
    let request = LogRequest { instance, container: None, previous: false, since: None, tail: 200, follow: true };
    let mut view = LogView::new(1, request, None);
    view.take(lines);
    view
}

fn stage(size: (u16, u16), view: LogView) -> Stage {
    let mut stage = staged(size);
    stage.screen.layers.push(Layer::Logs(Box::new(view)));
    stage
}

fn plain(lines: &str) -> Vec<LogLine> {
    lines.lines().map(|line| LogLine::output(Some(ago(3)), false, line)).collect()
}

#[test]
fn records_of_the_usual_loggers_are_taken_apart() {
    let lines = RECORDS
        .iter()
        .map(|(logger, line)| LogLine { from: Some((*logger).into()), ..LogLine::output(Some(ago(3)), false, line) });
    let mut view = view(lines.collect());
    insta::assert_snapshot!("output-records-80x24", stage(SMALL, view.clone()).text());
    view.raw = true;
    insta::assert_snapshot!("output-records-raw-80x24", stage(SMALL, view).text());
}

#[test]
fn stacks_go_with_the_errors_that_they_belong_to() {
    let mut view = view(plain(STACKS));
    view.narrow(Pattern::new("level:error"));
    insta::assert_snapshot!("output-stacks-80x24", stage(SMALL, view).text());
}

#[test]
fn what_is_hard_to_show_is_shown_and_keeps_everything_in_line() {
    for (name, size) in [("80x24", SMALL), ("40x10", (40, 10))] {
        let stage = stage(size, view(hard()));
        let buffer = stage.buffer();
        let symbols: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
        assert!(!symbols.chars().any(char::is_control), "a control character reached the frame");
        assert!(!symbols.contains('\u{202e}'));
        insta::assert_snapshot!(format!("output-hard-{name}"), stage.text());
    }
    for wide in [20, 33, 61, 80, 121] {
        for sideways in [None, Some(0), Some(3)] {
            let mut view = view(hard());
            view.sideways = sideways;
            let buffer = stage((wide, 40), view).buffer();
            for y in 0..40 {
                let mut x = 0;
                while x < wide {
                    let columns = (buffer[(x, y)].symbol().width() as u16).max(1);
                    assert!(x + columns <= wide, "{wide}: a symbol runs over the edge");
                    x += columns;
                }
            }
        }
    }
}

#[test]
fn a_program_keeps_its_colours_and_without_colour_only_bold_and_underlined() {
    let lines = || {
        vec![LogLine::output(
            None,
            false,
            "\x1b[32mgreen\x1b[0m \x1b[1;3;38;5;208mfat\x1b[0m \x1b[4;48;2;1;2;3munder\x1b[m",
        )]
    };
    let mut stage = stage(SMALL, view(lines()));
    let buffer = stage.buffer();
    let cell = |buffer: &ratatui::buffer::Buffer, x: u16| {
        let cell = buffer[(x, 2)].clone();
        (cell.fg, cell.bg, cell.modifier)
    };
    let none = Modifier::empty();
    assert_eq!(cell(&buffer, 2), (Color::Green, Color::Reset, none));
    assert_eq!(cell(&buffer, 7), (Color::Reset, Color::Reset, none));
    assert_eq!(cell(&buffer, 8), (Color::Indexed(208), Color::Reset, Modifier::BOLD | Modifier::ITALIC));
    assert_eq!(cell(&buffer, 12), (Color::Reset, Color::Rgb(1, 2, 3), Modifier::UNDERLINED));
    stage.screen.look.palette = by_name("dark").expect("dark").palette(Depth::Mono);
    let buffer = stage.buffer();
    assert_eq!(cell(&buffer, 2), (Color::Reset, Color::Reset, none));
    assert_eq!(cell(&buffer, 8), (Color::Reset, Color::Reset, Modifier::BOLD));
    assert_eq!(cell(&buffer, 12), (Color::Reset, Color::Reset, Modifier::UNDERLINED));
    let mut found = view(lines());
    found.narrow(Pattern::new("n fat u"));
    assert_eq!(found.len(), 1, "colours part no words");
}

#[test]
fn a_line_of_a_mebibyte_is_gone_through_by_screens() {
    let words: String = (0..(1 << 20) / 8).map(|n| format!("{n:07} ")).collect();
    let mut view = view(vec![LogLine::output(None, false, "before"), LogLine::output(None, false, words)]);
    let page = Page::of(SMALL);
    view.go(Go::Rows(-20), page);
    let text = stage(SMALL, view.clone()).text();
    // Nine words of eight columns fit in a row.
    assert!(text.contains("0130887"), "{text}");
    view.go(Go::First, page);
    insta::assert_snapshot!("output-mebibyte-80x24", stage(SMALL, view).text());
}
