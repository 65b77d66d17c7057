//! Coordinates: as near to the neighbours as the widths allow.

use super::layers::Layers;
use super::{GAP, MARGIN, RISE, Size, at};

/// More rounds move nothing by a pixel.
const ROUNDS: usize = 24;

/// The middle of every cell from the left.
pub(super) fn across(layers: &Layers) -> Vec<f64> {
    let mut x = vec![0.0; layers.cells()];
    for row in &layers.rows {
        settle(layers, row, &vec![0.0; row.len()], &mut x);
    }
    for round in 0..ROUNDS {
        let down = round % 2 == 0;
        let rows = layers.rows.len();
        for step in 0..rows {
            let row = if down { layers.rows.get(step) } else { layers.rows.get(rows - 1 - step) };
            let Some(row) = row else { continue };
            let wishes: Vec<f64> = row.iter().map(|cell| wish(layers, *cell, down, &x)).collect();
            settle(layers, row, &wishes, &mut x);
        }
    }
    let left = (0..layers.cells()).map(|cell| at(&x, cell) - layers.size(cell).width / 2.0);
    let shift = MARGIN - left.fold(f64::INFINITY, f64::min);
    x.iter().map(|place| place + shift).collect()
}

/// Where a cell would like to be: in the middle of its neighbours on one side.
fn wish(layers: &Layers, cell: usize, down: bool, x: &[f64]) -> f64 {
    let joined = if down { layers.above(cell) } else { layers.below(cell) };
    if joined.is_empty() {
        return at(x, cell);
    }
    joined.iter().map(|other| at(x, *other)).sum::<f64>() / joined.len() as f64
}

/// The places nearest to the wishes (least squares) at which nothing overlaps: with the widths taken out this
/// is isotonic regression, solved by merging neighbours that are out of order.
fn settle(layers: &Layers, row: &[usize], wishes: &[f64], x: &mut [f64]) {
    let mut offsets = Vec::with_capacity(row.len());
    let mut reach = 0.0;
    let mut before: Option<f64> = None;
    for cell in row {
        let half = layers.size(*cell).width / 2.0;
        reach += before.map_or(0.0, |other| other + GAP + half);
        before = Some(half);
        offsets.push(reach);
    }
    // Blocks of cells that touch: sum of what is left of the wishes, and how many.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let mut block = (wish - offset, 1);
        while let Some((sum, n)) = blocks.last().copied() {
            if sum / n as f64 <= block.0 / block.1 as f64 {
                break;
            }
            blocks.pop();
            block = (block.0 + sum, block.1 + n);
        }
        blocks.push(block);
    }
    let bases = blocks.iter().flat_map(|(sum, n)| std::iter::repeat_n(sum / *n as f64, *n));
    for ((cell, offset), base) in row.iter().zip(&offsets).zip(bases) {
        if let Some(place) = x.get_mut(*cell) {
            *place = base + offset;
        }
    }
}

/// The height of every layer: that of its tallest cell.
pub(super) fn heights(layers: &Layers) -> Vec<f64> {
    let tallest = |row: &Vec<usize>| row.iter().map(|cell| layers.size(*cell).height).fold(0.0, f64::max);
    layers.rows.iter().map(tallest).collect()
}

/// The middle of every layer from the top.
pub(super) fn down(heights: &[f64]) -> Vec<f64> {
    let mut y = MARGIN;
    let middles = heights.iter().map(|height| {
        let middle = y + height / 2.0;
        y += height + RISE;
        middle
    });
    middles.collect()
}

/// The whole picture.
pub(super) fn extent(layers: &Layers, x: &[f64], y: &[f64]) -> Size {
    let right = |cell: usize| at(x, cell) + layers.size(cell).width / 2.0;
    let low = |cell: usize| at(y, layers.layer_of(cell)) + layers.size(cell).height / 2.0;
    let cells = 0..layers.cells();
    Size {
        width: cells.clone().map(right).fold(0.0, f64::max) + MARGIN + GAP,
        height: cells.map(low).fold(0.0, f64::max) + MARGIN,
    }
}
