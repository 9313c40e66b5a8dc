// The texts of a photo: read, copied, and edited in place.
//
// What is to be saved goes to Python as one state that only grows (`wishes`), because single events
// may overtake one another; Python answers each wish by its number. A text that changed under an
// open editor is never overwritten: the person chooses.

const ANSWER_MS = 20000; // for saving; then it may be tried again
const CALM_MS = 700; // without typing, before a screen reader is told of the advice
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g; // the gateway refuses them
const LATE = "This takes unusually long. Your text is kept here: save it again in a moment.";

function open(root, row, draft) {
  restore(root, row, draft);
  const { area } = row.ui;
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}

function restore(root, row, draft) {
  if (!row.ui.editor) buildEditor(row);
  row.base = draft.base;
  row.discarded = null;
  row.ui.area.lang = root.language;
  row.ui.area.value = draft.text;
  typed(root, row);
}

function close(row) {
  const had = row.contains(row.getRootNode().activeElement);
  clearTimeout(row.calm);
  clearTimeout(row.patience);
  row.pending = null;
  removeEditor(row);
  drawRow(row);
  if (had) row.ui.edit.focus();
}

function forgetDraft(root, row) {
  keepDraft(root.owner, root.image, row.dataset.id, null);
}

function cancel(root, row) {
  if (row.pending) return;
  const text = row.ui.area.value;
  row.discarded = isSame(text, row.base) ? null : text;
  forgetDraft(root, row);
  close(row);
  say(row, row.discarded === null ? "" : "Not saved. You can bring back what you wrote.");
}

function give(root, row) {
  forgetDraft(root, row);
  close(row);
}

function typed(root, row) {
  const { area, problem } = row.ui;
  const draft = isSame(area.value, row.base) ? null : { text: area.value, base: row.base };
  keepDraft(root.owner, root.image, row.dataset.id, draft);
  setText(problem, "");
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
  drawRow(row);
  clearTimeout(row.calm);
  row.calm = setTimeout(() => say(row, row.heard), CALM_MS);
}

function pressed(event, root, row) {
  // The page around has keys of its own, and does not see that this one was for a text.
  event.stopPropagation();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    save(root, row);
  } else if (event.key === "Escape" && !event.isComposing) {
    event.preventDefault();
    cancel(root, row);
  }
}

function save(root, row) {
  const id = row.dataset.id;
  const text = row.ui.area.value.replace(CONTROLS, "");
  if (row.pending || isMoved(row) || stopOf(text, row.rule)) return;
  if (isSame(text, row.text)) {
    give(root, row);
    return;
  }
  row.pending = Math.max(Date.now(), (root.wishes[id]?.number ?? 0) + 1);
  root.wishes[id] = { text, base: row.base, number: row.pending };
  row.patience = setTimeout(() => refuse(row, LATE), ANSWER_MS);
  drawRow(row);
  root.send("wishes", { ...root.wishes });
}

function keep(root, row) {
  row.base = row.text;
  typed(root, row);
  save(root, row);
}

function refuse(row, sentence) {
  clearTimeout(row.patience);
  row.pending = null;
  drawRow(row);
  setText(row.ui.problem, sentence);
  if (sentence) row.ui.area.focus();
}

// What came of the last wish, if this is the answer to it.
function settle(root, row, outcome) {
  const answered = row.pending !== null && outcome?.number === row.pending;
  const arrived = isMoved(row) && isSame(row.ui.area.value, row.text);
  if (arrived || (answered && outcome.kind === "saved")) {
    forgetDraft(root, row);
    close(row);
    say(row, "Saved");
  } else if (answered) {
    refuse(row, outcome.sentence);
  }
}

function take(root, row, text, outcome) {
  row.text = text.text;
  row.rule = { max: text.max, may_be_empty: text.may_be_empty };
  setText(row.ui.label, text.label);
  row.ui.body.lang = root.language;
  if (row.ui.editor) settle(root, row, outcome);
  drawRow(row);
}

function made(root, text) {
  const row = buildRow(root.list, text, {
    edit: (one) => open(root, one, { text: one.text, base: one.text }),
    bringBack: (one) => open(root, one, { text: one.discarded, base: one.text }),
    typed: (one) => typed(root, one),
    pressed: (event, one) => pressed(event, root, one),
    save: (one) => save(root, one),
    cancel: (one) => cancel(root, one),
    keep: (one) => keep(root, one),
    give: (one) => give(root, one),
    shortCaption: () => {
      const other = rowOf(root, "concise");
      return other?.ui.area?.value ?? other?.text ?? "";
    },
  });
  row.pending = null;
  row.discarded = null;
  return row;
}

function rowOf(root, id) {
  return [...root.list.children].find((row) => row.dataset.id === id);
}

function isDraft(draft) {
  return typeof draft?.text === "string" && typeof draft?.base === "string";
}

function build(parentElement) {
  const root = element("div", "texts", element("div", "host", parentElement));
  root.note = element("p", "note", root);
  root.list = element("div", "list", root);
  root.foot = element("p", "foot", root);
  root.wishes = {};
  return root;
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".texts") ?? build(parentElement);
  if (!isNews(root, data.revision)) return;
  Object.assign(root, { owner: data.owner, image: data.image, language: data.language });
  root.send = setStateValue;
  const drafts = draftsOf(data.owner, data.image);
  for (const text of data.texts) {
    const found = rowOf(root, text.id);
    const row = found ?? made(root, text);
    take(root, row, text, data.outcomes[text.id]);
    if (!found && isDraft(drafts[text.id])) {
      restore(root, row, drafts[text.id]);
      settle(root, row, null);
    }
  }
  for (const name of ["note", "foot"]) {
    setText(root[name], data[name]);
    root[name].hidden = !data[name];
  }
}
