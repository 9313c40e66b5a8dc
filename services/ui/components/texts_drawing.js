// How a text of a photo looks: read, or in its editor. `row.ui` holds the parts of it.

function button(parent, className, label, name, act) {
  const made = element("button", `button ${className}`, parent);
  made.type = "button";
  setText(made, label);
  made.setAttribute("aria-label", `${label} ${name}`);
  made.addEventListener("click", act);
  return made;
}

function nameOf(row) {
  return row.ui.label.textContent.toLowerCase();
}

function say(row, text) {
  setText(row.ui.said, text);
}

// The text is another one now than when writing began.
function isMoved(row) {
  return !isSame(row.base, row.text);
}

// `acts` are what the buttons do: edit, bringBack, typed, pressed, save, cancel, keep, give.
function buildRow(list, text, acts) {
  const row = element("section", "text", list);
  const name = text.label.toLowerCase();
  row.dataset.id = text.id;
  row.acts = acts;
  row.ui = {};
  const head = element("div", "text-head", row);
  row.ui.label = element("h2", "label", head);
  row.ui.edit = button(head, "edit", "Edit", name, () => acts.edit(row));
  row.ui.copy = copyButton(head, "Copy", () => row.ui.area?.value ?? row.text, head);
  row.ui.copy.classList.add("button");
  row.ui.copy.setAttribute("aria-label", `Copy ${name}`);
  row.ui.body = element("p", "body", row);
  row.ui.body.dir = "auto";
  row.ui.back = button(row, "back", "Bring back what I wrote", `as ${name}`, () =>
    acts.bringBack(row),
  );
  row.ui.said = element("span", "offscreen", row);
  row.ui.said.setAttribute("role", "status");
  return row;
}

function buildEditor(row) {
  const { acts, ui } = row;
  ui.editor = element("div", "editor", row);
  ui.area = element("textarea", "area", ui.editor);
  ui.area.dir = "auto";
  ui.area.rows = row.dataset.id === "creative" ? 3 : 2;
  ui.area.setAttribute("aria-label", ui.label.textContent);
  const below = element("div", "below", ui.editor);
  below.id = `advice-${row.dataset.id}`;
  ui.area.setAttribute("aria-describedby", below.id);
  ui.advice = element("ul", "advice", below);
  ui.count = element("span", "count", below);
  ui.problem = element("p", "problem", ui.editor);
  ui.problem.setAttribute("role", "alert");
  ui.choice = element("div", "choice", ui.editor);
  ui.choice.setAttribute("role", "group");
  ui.choice.setAttribute("aria-label", "Two versions of this text");
  ui.bar = element("div", "bar", ui.editor);
  ui.save = button(ui.bar, "save", "Save", nameOf(row), () => acts.save(row));
  ui.cancel = button(ui.bar, "", "Cancel", nameOf(row), () => acts.cancel(row));
  setText(element("span", "keys", ui.bar), "Ctrl+Enter saves, Escape cancels");
  ui.area.addEventListener("input", () => acts.typed(row));
  ui.area.addEventListener("keydown", (event) => acts.pressed(event, row));
}

function removeEditor(row) {
  row.ui.editor.remove();
  for (const name of ["editor", "area", "advice", "count", "problem", "choice", "bar"]) {
    delete row.ui[name];
  }
}

function drawRow(row) {
  const { ui } = row;
  const editing = Boolean(ui.editor);
  ui.body.hidden = editing;
  ui.edit.hidden = editing;
  ui.back.hidden = editing || !row.discarded;
  ui.copy.hidden = !editing && row.text === "";
  ui.body.classList.toggle("is-empty", row.text === "");
  setText(ui.body, row.text || "Decoration: screen readers pass over this photo.");
  if (editing) drawEditor(row);
}

function drawEditor(row) {
  const { ui } = row;
  const stop = drawAdvice(row);
  const saving = Boolean(row.pending);
  ui.area.readOnly = saving;
  ui.area.setAttribute("aria-invalid", String(Boolean(stop)));
  ui.editor.setAttribute("aria-busy", String(saving));
  drawChoice(row, isMoved(row) && !saving);
  ui.bar.hidden = !ui.choice.hidden;
  ui.save.disabled = Boolean(stop);
  ui.cancel.disabled = saving;
  setText(ui.save, saving ? "Saving …" : "Save");
}

function drawAdvice(row) {
  const { ui } = row;
  const id = row.dataset.id;
  const { stop, advice, count } = judged(id, ui.area.value, row.rule, row.acts.shortCaption());
  setText(ui.count, count);
  const lines = stop ? [stop] : advice;
  ui.advice.replaceChildren();
  for (const line of lines) setText(element("li", stop ? "stop" : "", ui.advice), line);
  if (lines.length === 0 && id === "alt_text") {
    setText(element("li", "fine", ui.advice), "Reads well as alt text.");
  }
  row.heard = [count, ...lines].join(". ");
  return stop;
}

// Two versions of a text: nothing is lost unless the person says so.
function drawChoice(row, wanted) {
  const { choice } = row.ui;
  choice.hidden = !wanted;
  if (!wanted || choice.dataset.now === row.text) return;
  choice.dataset.now = row.text;
  choice.replaceChildren();
  const said = element("p", "", choice);
  said.setAttribute("role", "status");
  setText(said, "This text was changed elsewhere while you wrote. It now reads:");
  const now = element("blockquote", "", choice);
  now.dir = "auto";
  setText(now, row.text || "(empty: decoration)");
  const bar = element("div", "bar", choice);
  button(bar, "save", "Keep mine", `as ${nameOf(row)}`, () => row.acts.keep(row));
  button(bar, "", "Take the new one", `as ${nameOf(row)}`, () => row.acts.give(row));
}
