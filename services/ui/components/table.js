// A table of plain text; folded away under a line of words where a picture tells the same.

function rowOf(parent, cells, columns) {
  const row = element("tr", "", parent);
  cells.forEach((cell, i) => {
    // The first cell says what the row is about.
    const made = element(i === 0 ? "th" : "td", columns[i].numeric ? "numeric" : "", row);
    if (i === 0) made.scope = "row";
    setText(made, cell);
  });
}

function fill(table, data) {
  table.replaceChildren();
  setText(element("caption", "offscreen", table), data.title);
  const head = element("tr", "", element("thead", "", table));
  for (const column of data.columns) {
    const made = element("th", column.numeric ? "numeric" : "", head);
    made.scope = "col";
    setText(made, column.label);
  }
  const body = element("tbody", "", table);
  for (const cells of data.rows) rowOf(body, cells, data.columns);
}

function build(parentElement, folded) {
  const root = element(folded ? "details" : "div", "root", parentElement);
  if (folded) element("summary", "", root);
  const scroller = element("div", "scroller", root);
  // Wider than a phone it scrolls, which the keyboard has to be able to do as well.
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  element("table", "", scroller);
  return root;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root") ?? build(parentElement, Boolean(data.folded));
  if (!isNews(root, data.revision)) return;
  if (data.folded) setText(root.querySelector("summary"), data.folded);
  root.querySelector(".scroller").setAttribute("aria-label", data.title);
  fill(root.querySelector("table"), data);
}
