// One thing that is watched: its name, its state in a word, figures, and what to know about it.

const MARKS = { good: "✓", warn: "!", bad: "✕", note: "i", off: "–" };

function mark(parent, tone) {
  const made = element("span", "mark", parent);
  made.setAttribute("aria-hidden", "true");
  setText(made, MARKS[tone]);
  return made;
}

function head(root, data) {
  if (!data.title) return;
  const line = element("div", "head", root);
  setText(element("h3", "title", line), data.title);
  if (data.state) {
    const badge = element("span", `badge ${data.state.tone}`, line);
    mark(badge, data.state.tone);
    setText(element("span", "", badge), data.state.text);
  }
  if (data.subtitle) setText(element("p", "subtitle", root), data.subtitle);
}

function figures(root, data) {
  const list = element("dl", "figures", root);
  for (const figure of data.figures) {
    const group = element("div", "figure", list);
    setText(element("dt", "", group), figure.label);
    setText(element("dd", figure.tone, group), figure.value);
  }
}

function notes(root, data) {
  for (const note of data.notes) {
    const line = element("p", `note ${note.tone}`, root);
    mark(line, note.tone);
    setText(element("span", "", line), note.text);
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".panel") ?? element("section", "panel", parentElement);
  if (!isNews(root, data.revision)) return;
  root.setAttribute("aria-label", data.label);
  root.replaceChildren();
  head(root, data);
  figures(root, data);
  notes(root, data);
}
