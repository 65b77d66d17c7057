use super::*;

fn admission(running: usize) -> Admission {
    Admission::new(running, 3)
}

#[test]
fn runs_of_a_lane_begin_one_after_another() {
    let mut admission = admission(10);
    assert!(admission.is_free("t", Some("a"), 0));
    admission.occupy("t", Some("a"), RunNo(1));
    assert!(!admission.is_free("t", Some("a"), 1));
    assert!(admission.is_free("t", Some("b"), 1) && admission.is_free("u", Some("a"), 1));
    admission.enqueue("t", Some("a"), RunNo(2));
    admission.enqueue("t", Some("a"), RunNo(3));
    assert_eq!(admission.next(1), None);
    admission.release("t", Some("a"), RunNo(1));
    assert_eq!((admission.next(0), admission.next(1)), (Some(RunNo(2)), None));
    admission.release("t", Some("a"), RunNo(2));
    assert_eq!(admission.next(0), Some(RunNo(3)));
    admission.release("t", Some("a"), RunNo(3));
    assert!(admission.is_free("t", Some("a"), 0));
}

#[test]
fn tenants_take_turns() {
    let mut admission = admission(1);
    (1..=3).for_each(|no| admission.enqueue("loud", None, RunNo(no)));
    admission.enqueue("quiet", None, RunNo(4));
    assert!(!admission.is_free("third", None, 0), "others were first");
    let order: Vec<RunNo> = std::iter::from_fn(|| admission.next(0)).collect();
    assert_eq!(order, [RunNo(1), RunNo(4), RunNo(2), RunNo(3)]);
}

#[test]
fn a_tenant_may_have_so_many_waiting_and_no_more() {
    let mut admission = admission(1);
    (1..=3).for_each(|no| admission.enqueue("t", None, RunNo(no)));
    assert!(!admission.has_room("t") && admission.has_room("u"));
    assert_eq!(admission.next(1), None, "no room to run");
    assert_eq!(admission.next(0), Some(RunNo(1)));
    assert!(admission.has_room("t"));
}

#[test]
fn a_withdrawn_run_lets_the_next_one_of_its_lane_begin() {
    let mut admission = admission(1);
    admission.enqueue("t", Some("a"), RunNo(1));
    admission.enqueue("t", Some("a"), RunNo(2));
    admission.withdraw("t", Some("a"), RunNo(1));
    assert_eq!((admission.next(0), admission.next(0)), (Some(RunNo(2)), None));
}
