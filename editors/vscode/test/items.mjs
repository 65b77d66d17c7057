// Items of a test explorer.

export class Items extends Map {
  constructor(parent) {
    super();
    this.parent = parent;
  }
  add(item) {
    item.parent = this.parent;
    this.set(item.id, item);
  }
  replace(items) {
    this.clear();
    items.forEach((item) => this.add(item));
  }
  forEach(take) {
    for (const item of [...this.values()]) take(item);
  }
}

export function item(id, label, uri) {
  const made = { id, label, uri };
  made.children = new Items(made);
  return made;
}
