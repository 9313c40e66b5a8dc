// The tray as a whole: where photos are added, what is said, and the drops with their bars.

const ANNOUNCED_EVERY = 4000; // ms

function photosInWords(count) {
  return count === 1 ? "1 photo" : `${count} photos`;
}

function buildZone(parent, model) {
  const zone = element("div", "zone", parent);
  const input = element("input", "offscreen", zone);
  input.type = "file";
  input.multiple = true;
  input.accept = model.rules.accept;
  input.id = "files";
  const label = element("label", "", zone);
  label.htmlFor = input.id;
  setText(element("span", "zone-title", label), "Drop your photos here, or");
  setText(element("span", "choose", label), "Choose photos");
  setText(
    element("span", "hint", label),
    `${model.rules.accepted}, up to 10 MB each and ${model.rules.max_files} at a time. You can paste a photo, too.`,
  );
  input.addEventListener("change", () => {
    addFiles(model, [...input.files]);
    input.value = "";
  });
  return zone;
}

function buildTeaching(parent, lines) {
  const teach = element("section", "teach", parent);
  const [title, ...paragraphs] = lines;
  setText(element("h2", "", teach), title);
  for (const text of paragraphs) setText(element("p", "", teach), text);
  return teach;
}

function build(host, model, data) {
  const root = element("div", "tray", host);
  const view = { root, zone: buildZone(root, model) };
  buildOptions(root, model, data.languages);
  view.notice = element("p", "notice", root);
  view.notice.setAttribute("role", "status");
  view.teach = buildTeaching(root, data.teach);
  view.drops = element("div", "drops", root);
  view.said = element("div", "offscreen", root);
  view.said.setAttribute("role", "status");
  return view;
}

function buildDrop(drop, acts) {
  const section = document.createElement("section");
  section.className = "drop";
  section.dataset.id = drop.id;
  const head = element("div", "drop-head", section);
  const title = element("h2", "", head);
  title.id = `drop-${drop.id}`;
  section.setAttribute("aria-labelledby", title.id);
  element("p", "summary", head);
  const bar = element("div", "bar", section);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Photos that have reached their end");
  bar.setAttribute("aria-valuemin", "0");
  element("div", "fill", bar);
  element("p", "remark", section);
  const buttons = element("div", "drop-buttons", section);
  const all = element("button", "button all-again", buttons);
  all.type = "button";
  all.addEventListener("click", () => acts.allAgain(drop));
  const look = element("button", "button look", buttons);
  look.type = "button";
  setText(look, "Look again");
  look.addEventListener("click", () => acts.look());
  element("div", "cards", section);
  return section;
}

function countsOf(drop) {
  const stages = drop.items.map(stageOf);
  const count = (...wanted) => stages.filter((stage) => wanted.includes(stage)).length;
  return { total: stages.length, done: count("done"), failed: count("failed", "unsent") };
}

function summaryOf(drop, { total, done, failed }) {
  if (total === 0) return drop.loaded ? "There are no photos here." : "Looking for your photos …";
  const summary = `${done} of ${photosInWords(total)} done`;
  return failed ? `${summary}, ${failed} could not be captioned` : summary;
}

function remarkOf(model, drop) {
  const remarks = [];
  if (drop.tooMany) remarks.push(model.rules.sentences.too_many);
  if (drop.resumed && drop.items.some((item) => item.phase === "waiting" || item.phase === "sending")) {
    const are = drop.resumed === 1 ? "was" : "were";
    remarks.push(`${photosInWords(drop.resumed)} ${are} not sent yet when you left. Sending goes on now.`);
  }
  if (drop.stalled) remarks.push("Some photos take unusually long.");
  return remarks.join(" ");
}

function titleOf(drop) {
  if (!drop.made) return "Your photos";
  const made = new Date(drop.made);
  const isToday = made.toDateString() === new Date().toDateString();
  const time = made.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const day = made.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  return isToday ? `Added at ${time}` : `Added ${day}, ${time}`;
}

function drawDropHead(model, drop, section) {
  const part = (name) => section.querySelector(`.${name}`);
  const counts = countsOf(drop);
  const ended = counts.done + counts.failed;
  const bar = part("bar");
  setText(section.querySelector("h2"), titleOf(drop));
  setText(part("summary"), summaryOf(drop, counts));
  bar.hidden = counts.total === 0;
  bar.setAttribute("aria-valuemax", counts.total);
  bar.setAttribute("aria-valuenow", ended);
  bar.setAttribute("aria-valuetext", summaryOf(drop, counts));
  part("fill").style.width = `${counts.total ? (100 * ended) / counts.total : 0}%`;
  say(part("remark"), remarkOf(model, drop));
  const unsent = drop.items.filter((item) => item.phase === "unsent" && item.again);
  part("all-again").hidden = unsent.length < 2;
  setText(part("all-again"), `Try all ${unsent.length} again`);
  part("look").hidden = !drop.stalled;
  part("drop-buttons").hidden = unsent.length < 2 && !drop.stalled;
  return counts;
}

// What screen readers are told of the drop in work, now and then and once it has ended.
function announce(view, model) {
  const drop = model.drops[0];
  if (!drop || drop.items.length === 0) return;
  const { total, done, failed } = countsOf(drop);
  const isOver = done + failed === total;
  if (!isOver && Date.now() - (view.announcedAt ?? 0) < ANNOUNCED_EVERY) return;
  view.announcedAt = Date.now();
  const problems = failed ? ` ${failed} need a look.` : "";
  setText(view.said, done + failed ? `Captions are ready for ${done} of ${total}.${problems}` : "");
}

function scrollerOf(root) {
  let found = root.getRootNode().host ?? root;
  while (found && !(found.scrollHeight > found.clientHeight && /auto|scroll/.test(getComputedStyle(found).overflowY))) {
    found = found.parentElement;
  }
  return found ?? document.scrollingElement;
}

// What is being read stays where it is, whatever grows above it. Not every browser does that alone.
function inPlace(view, change) {
  const tops = [...view.drops.querySelectorAll(".card")].map((card) => [card, card.getBoundingClientRect()]);
  const inFocus = view.root.getRootNode().activeElement?.closest(".card");
  const [card, before] =
    tops.find(([known]) => known === inFocus) ?? tops.find(([, at]) => at.top >= 0 && at.top < innerHeight) ?? [];
  change();
  if (!card?.isConnected) return;
  const moved = card.getBoundingClientRect().top - before.top;
  if (moved !== 0) scrollerOf(view.root).scrollTop += moved;
}

// Cards stay where they are: each is made once and drawn in place.
function draw(view, model, acts, changed) {
  const isNew = model.drops.some((drop) => !view.drops.querySelector(`[data-id="${drop.id}"]`));
  if (isNew) drawAll(view, model, acts, changed);
  else inPlace(view, () => drawAll(view, model, acts, changed));
}

function drawAll(view, model, acts, changed) {
  view.teach.hidden = model.drops.length > 0;
  say(
    view.notice,
    model.away
      ? "The service is not answering right now. Your photos are safe and we keep trying; this page goes on by itself."
      : "",
  );
  model.drops.forEach((drop, i) => {
    let section = view.drops.querySelector(`[data-id="${drop.id}"]`);
    section ??= buildDrop(drop, acts);
    if (view.drops.children[i] !== section) view.drops.insertBefore(section, view.drops.children[i] ?? null);
    const cards = section.querySelector(".cards");
    for (const item of drop.items) {
      if (item.element?.parentElement !== cards) item.element = buildCard(cards, item, acts);
      else if (!changed.has(item)) continue;
      drawCard(item.element, item);
    }
    drawDropHead(model, drop, section);
  });
  for (const item of changed) if (item.removed) item.element?.remove();
  announce(view, model);
}
