//! Boxes in layers, and arrows as chains of cells from layer to layer.

use super::{Request, Size};

/// Every cell (a box, the words of an arrow, or a place where an arrow passes) in its layer.
///
/// Cells `0..n` are the boxes. A chain goes downwards, one cell a layer, whichever way its arrow points.
pub(super) struct Layers {
    /// From top to bottom, each from left to right.
    pub(super) rows: Vec<Vec<usize>>,
    sizes: Vec<Size>,
    layer: Vec<usize>,
    chains: Vec<Vec<usize>>,
    turned: Vec<bool>,
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
}

impl Layers {
    pub(super) fn of(request: &Request) -> Self {
        let turned = turned(request);
        let ends: Vec<(usize, usize)> = request
            .arrows
            .iter()
            .zip(&turned)
            .map(|((from, to, _), turned)| if *turned { (*to, *from) } else { (*from, *to) })
            .collect();
        // Two layers a rank: the odd ones hold the words of arrows.
        let ranks = ranks(request.boxes.len(), &ends);
        let mut layers = Self {
            rows: Vec::new(),
            sizes: Vec::new(),
            layer: Vec::new(),
            chains: Vec::new(),
            turned,
            above: Vec::new(),
            below: Vec::new(),
        };
        for (cell, (size, rank)) in request.boxes.iter().zip(&ranks).enumerate() {
            let loops = request.arrows.iter().filter(|(from, to, _)| *from == cell && *to == cell);
            let room = loops.map(|(_, _, label)| super::LOOP + label.width).fold(0.0, f64::max);
            layers.add(Size { width: size.width + 2.0 * room, ..*size }, rank * 2);
        }
        for ((from, to), (_, _, label)) in ends.iter().zip(&request.arrows) {
            layers.join(*from, *to, *label);
        }
        layers
    }

    fn add(&mut self, size: Size, layer: usize) -> usize {
        let cell = self.sizes.len();
        self.sizes.push(size);
        self.layer.push(layer);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        if self.rows.len() <= layer {
            self.rows.resize(layer + 1, Vec::new());
        }
        if let Some(row) = self.rows.get_mut(layer) {
            row.push(cell);
        }
        cell
    }

    fn join(&mut self, from: usize, to: usize, label: Size) {
        let (top, bottom) = (self.layer_of(from), self.layer_of(to));
        let mut chain = vec![from];
        for layer in top + 1..bottom {
            let size = if layer == top + 1 { label } else { Size::default() };
            chain.push(self.add(size, layer));
        }
        if from != to {
            chain.push(to);
        }
        for (upper, lower) in chain.iter().zip(chain.iter().skip(1)) {
            push(&mut self.below, *upper, *lower);
            push(&mut self.above, *lower, *upper);
        }
        self.chains.push(chain);
    }

    pub(super) fn layer_of(&self, cell: usize) -> usize {
        self.layer.get(cell).copied().unwrap_or_default()
    }

    pub(super) fn size(&self, cell: usize) -> Size {
        self.sizes.get(cell).copied().unwrap_or_default()
    }

    pub(super) fn cells(&self) -> usize {
        self.sizes.len()
    }

    pub(super) fn chain(&self, arrow: usize) -> &[usize] {
        self.chains.get(arrow).map_or(&[], Vec::as_slice)
    }

    /// Whether the chain of an arrow goes against it.
    pub(super) fn is_turned(&self, arrow: usize) -> bool {
        self.turned.get(arrow).copied().unwrap_or_default()
    }

    pub(super) fn above(&self, cell: usize) -> &[usize] {
        self.above.get(cell).map_or(&[], Vec::as_slice)
    }

    pub(super) fn below(&self, cell: usize) -> &[usize] {
        self.below.get(cell).map_or(&[], Vec::as_slice)
    }
}

fn push(lists: &mut [Vec<usize>], at: usize, value: usize) {
    if let Some(list) = lists.get_mut(at) {
        list.push(value);
    }
}

/// Which arrows close a circle, seen from the first box on.
fn turned(request: &Request) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let n = request.boxes.len();
    let mut out: Vec<Vec<(usize, usize)>> = vec![Vec::new(); n];
    for (arrow, (from, to, _)) in request.arrows.iter().enumerate() {
        if let Some(list) = out.get_mut(*from) {
            list.push((arrow, *to));
        }
    }
    let mut turned = vec![false; request.arrows.len()];
    let mut marks = vec![Mark::New; n];
    for root in 0..n {
        if marks.get(root) != Some(&Mark::New) {
            continue;
        }
        set(&mut marks, root, Mark::Open);
        let mut path = vec![(root, 0)];
        while let Some((cell, next)) = path.last_mut() {
            let Some((arrow, to)) = out.get(*cell).and_then(|list| list.get(*next)).copied() else {
                set(&mut marks, *cell, Mark::Done);
                path.pop();
                continue;
            };
            *next += 1;
            match marks.get(to) {
                Some(Mark::New) => {
                    set(&mut marks, to, Mark::Open);
                    path.push((to, 0));
                }
                Some(Mark::Open) => set(&mut turned, arrow, true),
                Some(Mark::Done) | None => {}
            }
        }
    }
    turned
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

/// Longest path from above, over arrows that form no circle.
fn ranks(n: usize, ends: &[(usize, usize)]) -> Vec<usize> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut waits = vec![0_usize; n];
    for (from, to) in ends.iter().filter(|(from, to)| from != to) {
        push(&mut out, *from, *to);
        if let Some(waits) = waits.get_mut(*to) {
            *waits += 1;
        }
    }
    let mut ranks = vec![0_usize; n];
    let mut ready: Vec<usize> = (0..n).filter(|cell| waits.get(*cell) == Some(&0)).collect();
    while let Some(cell) = ready.pop() {
        let below = ranks.get(cell).copied().unwrap_or_default() + 1;
        for to in out.get(cell).map_or(&[][..], Vec::as_slice) {
            if let Some(rank) = ranks.get_mut(*to) {
                *rank = (*rank).max(below);
            }
            if let Some(left) = waits.get_mut(*to) {
                *left -= 1;
                if *left == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    ranks
}
