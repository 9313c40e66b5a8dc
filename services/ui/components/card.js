// One photo: picture, stage, texts with copy buttons. Everything that came from a person or a
// model is set through textContent, so it can be neither HTML nor Markdown.

function element(tag, className, parent) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

async function writeToClipboard(text, near) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain http on another machine's address: browsers offer only the old way there.
  const area = element("textarea", "offscreen", near);
  area.value = text;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy refused");
}

function buildText(parent, id) {
  const row = element("div", "text", parent);
  row.dataset.id = id;
  const head = element("div", "text-head", row);
  const label = element("span", "label", head);
  const button = element("button", "copy", head);
  button.type = "button";
  const said = element("span", "offscreen", head);
  said.setAttribute("role", "status");
  const body = element("p", "body", row);
  setText(button, "Copy");
  let timer = 0;
  button.addEventListener("click", async () => {
    let outcome = "Copied";
    try {
      await writeToClipboard(body.textContent, row);
    } catch {
      outcome = "Press Ctrl+C";
      const range = document.createRange();
      range.selectNodeContents(body);
      window.getSelection().removeAllRanges();
      window.getSelection().addRange(range);
    }
    setText(button, outcome);
    setText(said, outcome);
    clearTimeout(timer);
    timer = setTimeout(() => {
      setText(button, "Copy");
      setText(said, "");
    }, 2000);
  });
  return row;
}

function updateTexts(list, texts) {
  for (const row of [...list.children]) {
    if (!texts.some((text) => text.id === row.dataset.id)) row.remove();
  }
  for (const text of texts) {
    const row = list.querySelector(`[data-id="${text.id}"]`) ?? buildText(list, text.id);
    setText(row.querySelector(".label"), text.label);
    setText(row.querySelector(".body"), text.text);
    row.querySelector(".copy").setAttribute("aria-label", `Copy ${text.label.toLowerCase()}`);
  }
}

function updatePicture(frame, image) {
  let shown = frame.querySelector("img");
  if (!image) {
    shown?.remove();
    return;
  }
  if (!shown) {
    shown = element("img", "", frame);
    shown.decoding = "async";
  }
  shown.alt = image.alt;
  if (shown.src !== image.url) shown.src = image.url;
}

function build(root) {
  element("div", "frame", root);
  const main = element("div", "main", root);
  const head = element("div", "head", main);
  element("h3", "title", head);
  element("span", "stage", head);
  element("div", "steps", main).setAttribute("aria-hidden", "true");
  element("p", "problem", main);
  element("div", "texts", main);
  element("p", "note", main);
}

function rootOf(parentElement) {
  const found = parentElement.querySelector(".card");
  if (found) return found;
  const made = element("article", "card", element("div", "host", parentElement));
  build(made);
  return made;
}

export default function ({ data, parentElement }) {
  const root = rootOf(parentElement);
  // Drawings may be told in any order: see revisions.py.
  if (data.revision < Number(root.dataset.revision ?? 0)) return;
  root.dataset.revision = data.revision;
  const part = (name) => root.querySelector(`.${name}`);

  root.dataset.stage = data.stage;
  root.classList.toggle("is-large", data.large);
  root.setAttribute("aria-label", data.title);
  setText(part("title"), data.title);
  setText(part("stage"), data.stage_label);
  part("steps").hidden = data.step === null;
  if (part("steps").childElementCount === 0) {
    for (let i = 0; i < 3; i += 1) element("span", "", part("steps"));
  }
  [...part("steps").children].forEach((step, i) => {
    step.className = i < data.step ? "past" : i === data.step ? "now" : "";
  });
  setText(part("problem"), data.problem ?? "");
  part("problem").hidden = !data.problem;
  updateTexts(part("texts"), data.texts);
  setText(part("note"), data.note ?? "");
  part("note").hidden = !data.note;
  root.classList.toggle("is-bare", !data.image && data.step === null);
  updatePicture(part("frame"), data.image);
}
