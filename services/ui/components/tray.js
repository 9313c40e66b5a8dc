// Adding photos and watching them come along. What Python has to know is told as one state, again
// and again until it has been answered; what it answers is taken in at any order and repetition.

const ANSWER_WITHIN = 12 * 1000; // ms, then it is asked again
const GATHER = 120; // ms in which changes become one telling

function takeAnswer(model, item, answer) {
  if (answer.image) {
    const twin = model.photos.get(answer.image);
    if (twin && twin !== item) {
      item.card = twin.card;
      removeItem(model, twin);
      model.redraw(twin);
    }
    Object.assign(item, { phase: "taken", imageId: answer.image, problem: null, form: null });
    model.photos.set(answer.image, item);
    letGo(item);
    rememberDrop(model.owner, item.drop);
    releaseIfSent(item.drop);
  } else if (answer.tries < item.tries) {
    return;
  } else if (answer.problem) {
    setUnsent(model, item, answer.problem, answer.again);
    if (!answer.again) letGo(item);
  } else if (answer.form && ![item.spent, item.stored, item.form?.upload_id].includes(answer.form.upload_id)) {
    if (item.phase !== "waiting" && item.phase !== "stored") return;
    // Stored already, and another form all the same: what had been stored came to nothing.
    Object.assign(item, { phase: "waiting", stored: null, form: answer.form, formAt: Date.now() });
  }
  model.redraw(item);
}

function takeCard(model, card) {
  let item = model.photos.get(card.id);
  if (!item) {
    const drop = dropOf(model, card.batch);
    item = addItem(model, drop, { imageId: card.id, name: drop.names[card.id] ?? "Photo" });
    model.photos.set(card.id, item);
  }
  item.card = card;
  model.redraw(item);
}

function takeData(model, data) {
  for (const { id, loaded, stalled } of data.batches) {
    const drop = dropOf(model, id);
    Object.assign(drop, { loaded: drop.loaded || loaded, stalled });
  }
  for (const [id, answer] of Object.entries(data.parcels)) {
    const item = model.items.get(id);
    if (item && item.phase !== "taken") takeAnswer(model, item, answer);
  }
  for (const card of data.cards) takeCard(model, card);
  for (const id of data.gone) {
    const item = model.photos.get(id);
    if (item) removeItem(model, item);
    if (item) model.redraw(item);
  }
  Object.assign(model, { desk: data.desk, seen: data.number, away: data.away });
}

// Tell Python, one telling at a time; `data.pause` says when to ask again without a reason.
function conversation(model, tell) {
  let timer = 0;
  let dueAt = Infinity;
  let isOut = false;

  function at(time) {
    if (time >= dueAt) return;
    dueAt = time;
    clearTimeout(timer);
    timer = setTimeout(speak, Math.max(0, time - Date.now()));
  }

  function speak() {
    dueAt = Infinity;
    if (isUnderWay()) {
      at(Date.now() + GATHER);
      return;
    }
    model.tick += 1;
    isOut = true;
    model.hasNews = false;
    tell(stateOf(model));
    at(Date.now() + ANSWER_WITHIN);
  }

  function rest() {
    clearTimeout(timer);
    dueAt = Infinity;
  }

  return {
    changed() {
      model.hasNews = true;
      if (!isOut) at(Date.now() + GATHER);
    },
    answered(data) {
      if (data.tick < model.tick) return;
      isOut = false;
      rest();
      if (model.hasNews) at(Date.now() + GATHER);
      else if (data.pause !== null) at(Date.now() + 1000 * data.pause);
    },
    rest,
  };
}

function listen(model, zone) {
  const ends = new AbortController();
  const on = (target, name, act) => target.addEventListener(name, act, { signal: ends.signal });
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  on(window, "dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.classList.add("is-over");
  });
  on(window, "dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("is-over");
  });
  // Anywhere on the page: a browser would otherwise leave it to show the photo that missed the zone.
  on(window, "drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.classList.remove("is-over");
    addFiles(model, [...event.dataTransfer.files]);
  });
  on(window, "paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    addFiles(model, files);
  });
  on(document, "visibilitychange", () => model.changed());
  on(window, "online", () => {
    hurry(model);
    model.changed();
  });
  return ends;
}

// For as long as the document lives: sending goes on while another view is shown.
function guardLeaving(model) {
  window.addEventListener("beforeunload", (event) => {
    if (isSending(model)) event.preventDefault();
  });
}

function mount(parentElement, data, setStateValue) {
  const host = element("div", "host", parentElement);
  const isFirst = !trays.has(data.owner);
  const model = modelOf(data.owner);
  model.rules = data.rules;
  model.mounts += 1;
  model.opened = null;
  const view = build(host, model, data);
  const talk = conversation(model, (state) => setStateValue("told", state));
  const acts = {
    again(item) {
      if (item.phase === "unsent") sendAgain(model, item);
      else model.retries[item.imageId] = (model.retries[item.imageId] ?? 0) + 1;
      model.changed();
    },
    allAgain(drop) {
      drop.items.filter((item) => item.phase === "unsent" && item.again).forEach((item) => sendAgain(model, item));
    },
    look() {
      model.looks += 1;
      model.changed();
    },
    open(item) {
      model.opened = item.imageId;
      model.changed();
    },
  };
  const changed = new Set();
  let frame = 0;
  model.redraw = (item) => {
    if (item) changed.add(item);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw(view, model, acts, changed);
      changed.clear();
    });
  };
  model.changed = () => {
    model.redraw();
    talk.changed();
  };
  const ends = listen(model, view.zone);
  if (isFirst) guardLeaving(model);
  model.leave = () => {
    ends.abort();
    talk.rest();
    cancelAnimationFrame(frame);
    Object.assign(model, { redraw: () => {}, changed: () => {} });
  };
  host.tray = { model, talk, isFirst };
  return host;
}

export default function ({ data, parentElement, setStateValue }) {
  let host = parentElement.querySelector(".host");
  const isNew = !host;
  host ??= mount(parentElement, data, setStateValue);
  const { model, talk, isFirst } = host.tray;
  if (isNews(host, data.revision)) {
    takeData(model, data);
    talk.answered(data);
    pump(model);
    model.redraw();
  }
  if (isNew) {
    const last = isFirst && model.drops.length === 0 ? lastDrop(model.owner) : null;
    if (last) dropOf(model, last.id, last.made);
    if (isFirst) resume(model);
    model.changed();
  }
  return model.leave;
}
