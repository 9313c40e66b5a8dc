// The ticked photos of the grid and the bar above it. The choice lives here, on the root, as a map
// from a photo's id to its line of the table; the page is told all ids after every change.

function chosenOf(root) {
  root.chosen ??= new Map();
  return root.chosen;
}

// A grid drawn anew takes up what the page remembers; one that is there forgets what was deleted.
function takeUp(root, data) {
  if (!root.chosen) {
    const rows = new Map(data.tiles.map((tile) => [tile.id, tile.row]));
    root.chosen = new Map(
      Object.entries(data.chosen).map(([id, row]) => [id, row ?? rows.get(id) ?? ""]),
    );
  }
  for (const id of data.gone) root.chosen.delete(id);
  for (const tile of data.tiles) {
    if (root.chosen.has(tile.id)) root.chosen.set(tile.id, tile.row);
  }
}

function tableOf(root) {
  return root.header + [...chosenOf(root).values()].join("");
}

function photos(count) {
  return count === 1 ? "1 photo" : `${count} photos`;
}

function choose(root, ids, ticked) {
  const rows = new Map(root.tiles.map((tile) => [tile.id, tile.row]));
  for (const id of ids) {
    if (ticked) chosenOf(root).set(id, rows.get(id));
    else chosenOf(root).delete(id);
  }
  showChoice(root);
  root.tell("chosen", [...chosenOf(root).keys()]);
}

// A click with Shift held does to all tiles since the last one ticked what it does to its own.
function ticked(root, box, isRange) {
  const ids = root.tiles.map((tile) => tile.id);
  const here = ids.indexOf(box.value);
  const there = isRange ? ids.indexOf(root.anchor) : -1;
  const from = there < 0 ? here : Math.min(here, there);
  const to = there < 0 ? here : Math.max(here, there);
  root.anchor = box.value;
  choose(root, ids.slice(from, to + 1), box.checked);
}

function action(bar, label, root, act) {
  const button = element("button", "act", bar);
  button.type = "button";
  setText(button, label);
  button.addEventListener("click", () => act([...chosenOf(root).keys()]));
  return button;
}

function buildBar(root) {
  const bar = element("div", "bar", root);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Chosen photos");
  const label = element("label", "all", bar);
  const all = element("input", "", label);
  all.type = "checkbox";
  element("span", "", label).textContent = "Select all on this page";
  all.addEventListener("change", () => {
    choose(root, root.tiles.map((tile) => tile.id), all.checked);
  });
  const count = element("span", "count", bar);
  count.setAttribute("role", "status");
  const acts = element("div", "acts", bar);
  // Marked for the keyboard should the browser not let the table onto the clipboard.
  const sheet = element("pre", "offscreen", root);
  sheet.setAttribute("aria-hidden", "true");
  copyButton(acts, "Copy as CSV", () => (sheet.textContent = tableOf(root)), sheet);
  action(acts, "Export", root, (ids) => root.ask("export", ids));
  action(acts, "Delete", root, (ids) => root.ask("delete", ids)).classList.add("danger");
  action(acts, "Clear", root, (ids) => {
    choose(root, ids, false);
    // The button that had the focus has just been switched off.
    all.focus();
  });
}

function showChoice(root) {
  const chosen = chosenOf(root);
  const bar = root.querySelector(".bar");
  for (const box of root.querySelectorAll(".pick input")) {
    box.checked = chosen.has(box.value);
    box.closest(".tile").classList.toggle("is-chosen", box.checked);
  }
  const here = root.tiles.filter((tile) => chosen.has(tile.id)).length;
  const all = bar.querySelector(".all input");
  all.checked = here > 0 && here === root.tiles.length;
  all.indeterminate = here > 0 && here < root.tiles.length;
  const elsewhere = chosen.size - here;
  const more = elsewhere > 0 ? `, ${elsewhere} of them on other pages` : "";
  setText(bar.querySelector(".count"), chosen.size ? `${chosen.size} selected${more}` : "");
  bar.classList.toggle("is-on", chosen.size > 0);
  for (const button of bar.querySelectorAll("button")) button.disabled = chosen.size === 0;
}
