use super::{Layout, Point, Request, Size, lay};

const BOX: Size = Size { width: 100.0, height: 30.0 };
const WORDS: Size = Size { width: 60.0, height: 12.0 };

fn request(n: usize, arrows: &[(usize, usize)]) -> Request {
    Request { boxes: vec![BOX; n], arrows: arrows.iter().map(|(from, to)| (*from, *to, WORDS)).collect() }
}

fn apart(a: Point, b: Point, width: f64, height: f64) -> bool {
    (a.x - b.x).abs() >= width - 0.01 || (a.y - b.y).abs() >= height - 0.01
}

fn nothing_overlaps(layout: &Layout) {
    for (i, a) in layout.boxes.iter().enumerate() {
        for b in layout.boxes.iter().skip(i + 1) {
            assert!(apart(*a, *b, 100.0, 30.0), "boxes {a:?} and {b:?}");
        }
        for route in &layout.routes {
            assert!(apart(*a, route.label, 80.0, 21.0), "box {a:?} and words {:?}", route.label);
        }
    }
    for (i, a) in layout.routes.iter().enumerate() {
        for b in layout.routes.iter().skip(i + 1) {
            assert!(apart(a.label, b.label, 60.0, 12.0), "words {:?} and {:?}", a.label, b.label);
        }
    }
}

#[test]
fn a_chain_goes_straight_down() {
    let layout = lay(&request(3, &[(0, 1), (1, 2)]));
    let xs: Vec<f64> = layout.boxes.iter().map(|point| point.x).collect();
    assert!(xs.iter().all(|x| (x - xs[0]).abs() < 0.5), "{xs:?}");
    assert!(layout.boxes[0].y < layout.boxes[1].y && layout.boxes[1].y < layout.boxes[2].y);
    nothing_overlaps(&layout);
}

#[test]
fn loops_and_parallel_arrows_are_drawn_without_overlaps() {
    // ask and rewrite go round, both may escalate, two arrows join one pair.
    let arrows = [(0, 1), (1, 2), (1, 3), (2, 1), (2, 4), (1, 4), (1, 4), (0, 4), (3, 5), (4, 5)];
    let layout = lay(&request(6, &arrows));
    nothing_overlaps(&layout);
    let back = &layout.routes[3];
    assert!(back.points[0].y > back.points[back.points.len() - 1].y, "the arrow back points upwards");
}

#[test]
fn the_picture_holds_everything() {
    let layout = lay(&request(4, &[(0, 1), (0, 2), (0, 3), (3, 0)]));
    for point in &layout.boxes {
        assert!(point.x - 50.0 >= 0.0 && point.x + 50.0 <= layout.size.width);
        assert!(point.y - 15.0 >= 0.0 && point.y + 15.0 <= layout.size.height);
    }
}

/// An arrow that passes a tall box beside which a small one stands goes round both.
#[test]
fn no_arrow_goes_through_a_box() {
    let arrows = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (3, 4), (1, 4), (2, 5), (0, 5), (5, 0)];
    let mut request = request(6, &arrows);
    request.boxes[1].height = 90.0;
    request.boxes[3].width = 260.0;
    let layout = lay(&request);
    for route in &layout.routes {
        for pair in route.points.windows(2).filter(|pair| (pair[0].x - pair[1].x).abs() > 0.01) {
            let (left, right) = (pair[0].x.min(pair[1].x), pair[0].x.max(pair[1].x));
            let (top, bottom) = (pair[0].y.min(pair[1].y), pair[0].y.max(pair[1].y));
            for (middle, size) in layout.boxes.iter().zip(&request.boxes) {
                let beside = middle.x + size.width / 2.0 <= left || middle.x - size.width / 2.0 >= right;
                let clear = middle.y + size.height / 2.0 <= top + 0.01
                    || middle.y - size.height / 2.0 >= bottom - 0.01;
                assert!(beside || clear, "{pair:?} and the box at {middle:?}");
            }
        }
    }
}

#[test]
fn no_boxes_and_unjoined_boxes_are_fine() {
    assert!(lay(&Request::default()).boxes.is_empty());
    nothing_overlaps(&lay(&request(3, &[])));
    nothing_overlaps(&lay(&request(2, &[(0, 0), (0, 1)])));
}
