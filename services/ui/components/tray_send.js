// Straight from this browser to the store: a form of the gateway's for each file, a few at a time.

const AT_ONCE = 4;
const FORM_LASTS = 4 * 60 * 1000; // ms; the store takes it for five minutes
const STALLED_AFTER = 30 * 1000; // ms without a byte
const FIRST_PAUSE = 1000; // ms, doubling
const LONGEST_PAUSE = 15 * 1000; // ms
const FAILURES_MAX = 10; // in a row, about two minutes
const REFUSALS_MAX = 3;

function isSending(model) {
  return [...model.items.values()].some((item) => ["checking", "waiting", "sending"].includes(item.phase));
}

// Begin what can be begun.
function pump(model) {
  let busy = [...model.items.values()].filter((item) => item.phase === "sending").length;
  for (const item of pending(model)) {
    if (busy >= AT_ONCE) return;
    if (item.phase !== "waiting" || !item.form || Date.now() < item.notBefore) continue;
    if (Date.now() - item.formAt > FORM_LASTS) {
      renew(model, item);
      continue;
    }
    busy += 1;
    post(model, item);
  }
}

// Ask for another form.
function renew(model, item) {
  Object.assign(item, { spent: item.form.upload_id, form: null });
  model.changed();
}

function post(model, item) {
  const { form } = item;
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", item.file);
  const request = new XMLHttpRequest();
  let stalled = 0;
  const alive = () => {
    clearTimeout(stalled);
    stalled = setTimeout(() => request.abort(), STALLED_AFTER);
  };
  request.upload.onprogress = (event) => {
    alive();
    item.share = event.total ? event.loaded / event.total : 0;
    model.redraw(item);
  };
  request.onloadend = () => {
    clearTimeout(stalled);
    ended(model, item, form, request.status);
  };
  Object.assign(item, { phase: "sending", share: 0 });
  model.redraw(item);
  alive();
  request.open("POST", form.url);
  request.send(body);
}

// `status` is 0 if there was no answer: offline, stalled, or the file can't be read any more.
function ended(model, item, form, status) {
  if (status >= 200 && status < 300) {
    Object.assign(item, { phase: "stored", stored: form.upload_id, form: null, failures: 0, share: 1 });
    keep(model.owner, item);
    model.changed();
  } else if (status >= 400 && status < 500) {
    item.phase = "waiting";
    item.refusals += 1;
    if (item.refusals < REFUSALS_MAX) renew(model, item);
    else setUnsent(model, item, model.rules.sentences.unsent, true);
  } else {
    later(model, item);
  }
  model.redraw(item);
  pump(model);
}

function later(model, item) {
  item.phase = "waiting";
  item.failures += 1;
  if (item.failures >= FAILURES_MAX) {
    setUnsent(model, item, model.rules.sentences.unsent, true);
    return;
  }
  const pause = Math.min(FIRST_PAUSE * 2 ** (item.failures - 1), LONGEST_PAUSE);
  item.notBefore = Date.now() + pause;
  setTimeout(() => pump(model), pause + 10);
}

// Somebody asked for another try.
function sendAgain(model, item) {
  Object.assign(item, { phase: "waiting", problem: null, form: null, failures: 0, refusals: 0, notBefore: 0 });
  item.tries += 1;
  model.redraw(item);
  model.changed();
}

// Back online: no pause is worth waiting for.
function hurry(model) {
  for (const item of model.items.values()) item.notBefore = 0;
  pump(model);
}
