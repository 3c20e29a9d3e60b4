//! The recording of the tour that the README links: whole, small, and of what the program shows.

#[test]
fn the_tour_plays_from_what_is_wrong_to_the_end() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures/tour.cast");
    let cast = std::fs::read_to_string(FILE).expect("cargo run --example pictures writes it");
    assert!(cast.len() < 300_000, "{} bytes", cast.len());
    let mut lines = cast.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let header = lines.next().expect("a header");
    let side = |name: &str| std::num::NonZero::new(header[name].as_u64().expect("a number") as u16).expect("not zero");
    assert_eq!(header["version"], 2);
    let mut parser = vt100::Parser::new(side("height"), side("width"), 0);
    let mut left = vec![
        "OOM-killed at its",
        " timeline ",
        "disruptive: y, then enter",
        "Go or do",
        "What can be done",
        "Roll back shop/worker (prod) to 41",
        "enter do it",
        "again to quit",
    ];
    let mut before = 0.0;
    for event in lines {
        let at = event[0].as_f64().expect("a time");
        assert!(at >= before, "time goes on");
        before = at;
        if event[1] == "o" {
            parser.process(event[2].as_str().expect("text").as_bytes());
            let shown = parser.screen().contents();
            while left.first().is_some_and(|words| shown.contains(words)) {
                left.remove(0);
            }
        }
    }
    assert!(left.is_empty(), "never shown, in this order: {left:?}");
    assert!(!parser.screen().hide_cursor(), "it leaves the terminal as it was");
}
