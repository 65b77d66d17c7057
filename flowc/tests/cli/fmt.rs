use crate::flowc::Place;

const UGLY: &str = "fn  half( x:float ):float=x/2 // keep me\n";
const NICE: &str = "fn half(x: float): float =\n  x / 2 // keep me\n";

#[test]
fn files_are_changed_in_place_and_then_stay() {
    let place = Place::new(&[("a.flow", UGLY), ("b/c.flow", NICE)]);
    let said = place.flowc(&["fmt", "."]);
    assert!(said.works().err.contains("2 files, 1 changed"), "{said:?}");
    assert_eq!(place.read("a.flow"), NICE);
    assert!(place.flowc(&["fmt"]).works().err.contains("0 changed"));
}

#[test]
fn a_check_shows_the_difference_and_changes_nothing() {
    let place = Place::new(&[("a.flow", UGLY)]);
    let said = place.flowc(&["fmt", "--check"]);
    said.fails(1, &["1 file, 1 would change"]);
    assert!(said.out.contains("-fn  half") && said.out.contains("+fn half(x: float)"), "{said:?}");
    assert_eq!(place.read("a.flow"), UGLY);
}

#[test]
fn a_dash_formats_stdin() {
    let place = Place::new(&[]);
    assert_eq!(place.flowc_with_input(&["fmt", "-"], UGLY).works().out, NICE);
    assert_eq!(place.flowc_with_input(&["fmt", "-", "--check"], UGLY).code, 1);
    assert_eq!(place.flowc_with_input(&["fmt", "-", "--check"], NICE).code, 0);
}

#[test]
fn what_cannot_be_read_is_left_as_it_is() {
    let text = "fn half(x: float): float = (\n\nfn  ok():int=1\n";
    let place = Place::new(&[("a.flow", text)]);
    place.flowc(&["fmt"]).works();
    let after = place.read("a.flow");
    assert!(
        after.contains("fn half(x: float): float = (") && after.contains("fn ok(): int =\n  1"),
        "{after}"
    );
}
