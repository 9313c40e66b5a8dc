// One photo of the tray: picture, stage, steps, texts. Drawn in place, at the size it will keep.

const TEXTS = [
  ["concise", "Short caption"],
  ["creative", "Creative caption"],
  ["alt_text", "Alt text"],
];
const WORDS = {
  checking: "Looking at the file",
  waiting: "Waiting to be sent",
  sending: "Sending",
  stored: "Sent",
  unsent: "Not sent",
};
// How many of the steps are behind a photo in this stage.
const STEPS_DONE = { waiting: 1, preparing: 1, captioning: 3, done: 4 };

function stageOf(item) {
  if (item.card && item.phase === "taken") return item.card.stage;
  return item.phase === "taken" ? "stored" : item.phase;
}

function isEnded(item) {
  return ["done", "failed", "unsent"].includes(stageOf(item));
}

function stageInWords(item) {
  if (item.card && item.phase === "taken") return item.card.label;
  const share = item.phase === "sending" && item.share > 0 ? `, ${Math.round(item.share * 100)} %` : "";
  return WORDS[stageOf(item)] + share;
}

// The names of the steps with "past", "now" or "". One that was not asked for is left out.
function stepsOf(item) {
  const wanted = item.card?.labelled ?? item.drop.options?.labels !== "false";
  const names = ["Stored", "Prepared", "Labelled", "Captioned"];
  const done = STEPS_DONE[stageOf(item)] ?? (item.phase === "stored" || item.phase === "taken" ? 1 : 0);
  const steps = names.map((name, i) => [name, i < done ? "past" : i === done ? "now" : ""]);
  return steps.filter(([name]) => name !== "Labelled" || wanted);
}

function buildCard(list, item, acts) {
  const card = element("article", "card", list);
  card.setAttribute("aria-label", item.name);
  element("div", "frame", card);
  const main = element("div", "main", card);
  const head = element("div", "head", main);
  element("h3", "title", head);
  element("span", "stage", head);
  const state = element("div", "state", main);
  element("ol", "steps", state);
  element("p", "problem", state);
  element("p", "note", state);
  const texts = element("div", "texts", main);
  for (const [id, label] of TEXTS) {
    const row = element("div", "text", texts);
    row.dataset.id = id;
    const textHead = element("div", "text-head", row);
    setText(element("span", "label", textHead), label);
  }
  const foot = element("div", "foot", main);
  const again = element("button", "button again", foot);
  again.type = "button";
  setText(again, "Try again");
  again.addEventListener("click", () => acts.again(item));
  const open = element("a", "open", foot);
  setText(open, "Open this photo");
  open.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    acts.open(item);
  });
  return card;
}

// Blank lines until there is a text: the card has its height from the start.
function drawText(row, label, text, isWaiting) {
  let body = row.querySelector(".body");
  if (!text) {
    body?.remove();
    row.querySelector(".copy")?.remove();
    if (isWaiting && !row.querySelector(".blank")) element("div", "blank", row);
    if (!isWaiting) row.querySelector(".blank")?.remove();
    row.hidden = !isWaiting;
    return;
  }
  row.hidden = false;
  row.querySelector(".blank")?.remove();
  if (!body) {
    body = element("p", "body", row);
    const copy = copyButton(row.querySelector(".text-head"), "Copy", () => body.textContent, body);
    copy.setAttribute("aria-label", `Copy ${label.toLowerCase()}`);
  }
  setText(body, text);
}

function drawSteps(list, item) {
  list.hidden = isEnded(item);
  if (list.hidden) return;
  const steps = stepsOf(item);
  while (list.childElementCount > steps.length) list.lastElementChild.remove();
  while (list.childElementCount < steps.length) element("li", "", list);
  steps.forEach(([name, state], i) => {
    const step = list.children[i];
    setText(step, name);
    step.className = state;
    if (state === "now") step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

function say(target, text) {
  setText(target, text ?? "");
  target.hidden = !text;
}

function drawCard(card, item) {
  const part = (name) => card.querySelector(`.${name}`);
  const stage = stageOf(item);
  const isWaiting = !isEnded(item);
  card.dataset.stage = stage;
  card.classList.toggle("is-bare", stage === "unsent" && !item.file);
  card.classList.toggle("is-open", stage !== "unsent" && stage !== "failed");
  setText(part("title"), item.name);
  card.setAttribute("aria-label", item.name);
  setText(part("stage"), stageInWords(item));
  drawSteps(part("steps"), item);
  say(part("problem"), item.problem ?? item.card?.problem);
  for (const row of part("texts").children) {
    const [id, label] = TEXTS.find(([known]) => known === row.dataset.id);
    drawText(row, label, item.card?.texts[id], isWaiting);
  }
  say(part("note"), item.card?.note);
  part("again").hidden = !(stage === "unsent" ? item.again && item.file : stage === "failed" && item.card.again);
  part("again").setAttribute("aria-label", `Try again: ${item.name}`);
  const open = part("open");
  open.hidden = !item.imageId;
  if (item.imageId) open.href = `?image=${encodeURIComponent(item.imageId)}`;
  open.setAttribute("aria-label", `Open this photo: ${item.name}`);
  part("foot").hidden = part("again").hidden && open.hidden;
  drawPicture(part("frame"), item);
}
