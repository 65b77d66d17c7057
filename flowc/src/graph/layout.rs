//! Where boxes and arrows go: layers from top to bottom, as Sugiyama, Tagawa and Toda drew them in 1981.
//!
//! 1. Arrows that close a circle are turned round for the time being (`layers`).
//! 2. A box stands one layer below the lowest box that leads to it; the words on an arrow have a layer of their
//!    own between the two, so that nothing is ever written over something else.
//! 3. Boxes of a layer are put in the order of what they are joined to (`order`).
//! 4. Each layer is moved as near to its neighbours as the widths allow (`place`).

mod layers;
mod order;
mod place;

use layers::Layers;

/// Between things of one layer, in pixels.
const GAP: f64 = 24.0;
/// Between layers, in pixels.
const RISE: f64 = 24.0;
/// How far an arrow from a box to itself reaches out, in pixels.
const LOOP: f64 = 26.0;
/// Around everything, in pixels.
const MARGIN: f64 = 16.0;

/// How much room something needs, in pixels.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Size {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// A point, in pixels from the top left.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// What is to be placed.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Of each box.
    pub boxes: Vec<Size>,
    /// From box, to box, room for the words.
    pub arrows: Vec<(usize, usize, Size)>,
}

/// Where everything is.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Middle of each box.
    pub boxes: Vec<Point>,
    /// Of each arrow.
    pub routes: Vec<Route>,
    /// Of the whole picture.
    pub size: Size,
}

/// The way of an arrow.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// From the edge of one box to the edge of the other.
    pub points: Vec<Point>,
    /// Middle of the words.
    pub label: Point,
}

/// Places boxes and arrows. Equal requests give equal layouts.
#[must_use]
pub fn lay(request: &Request) -> Layout {
    let mut layers = Layers::of(request);
    order::untangle(&mut layers);
    let x = place::across(&layers);
    let heights = place::heights(&layers);
    let y = place::down(&heights);
    let middle = |cell: usize| Point { x: at(&x, cell), y: at(&y, layers.layer_of(cell)) };
    let boxes: Vec<Point> = (0..request.boxes.len()).map(middle).collect();
    let routes = request.arrows.iter().enumerate().map(|(arrow, (from, to, label))| {
        let height = |cell: usize| request.boxes.get(cell).map_or(0.0, |size| size.height / 2.0);
        if from == to {
            return own_loop(middle(*from), request.boxes.get(*from).copied().unwrap_or_default(), *label);
        }
        let chain = layers.chain(arrow);
        let label = chain.get(1).map_or_else(Point::default, |cell| middle(*cell));
        // A chain goes downwards, and across only between layers: so it cuts no box, however tall.
        let mut points: Vec<Point> = Vec::new();
        for (step, cell) in chain.iter().enumerate() {
            let (center, half) = (middle(*cell), at(&heights, layers.layer_of(*cell)) / 2.0);
            let top = if step == 0 { height(*cell) } else { -half };
            let bottom = if step + 1 == chain.len() { -height(*cell) } else { half };
            for y in [center.y + top, center.y + bottom] {
                let point = Point { x: center.x, y };
                if points.last() != Some(&point) {
                    points.push(point);
                }
            }
        }
        if layers.is_turned(arrow) {
            points.reverse();
        }
        Route { points, label }
    });
    let routes = routes.collect();
    Layout { boxes, routes, size: place::extent(&layers, &x, &y) }
}

/// A small circle at the right side of a box.
fn own_loop(middle: Point, size: Size, label: Size) -> Route {
    let (right, reach) = (middle.x + size.width / 2.0, LOOP - 4.0);
    let point = |x: f64, y: f64| Point { x, y };
    Route {
        points: vec![
            point(right, middle.y - 6.0),
            point(right + reach, middle.y),
            point(right, middle.y + 6.0),
        ],
        label: point(right + LOOP + label.width / 2.0, middle.y),
    }
}

fn at(values: &[f64], index: usize) -> f64 {
    values.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
