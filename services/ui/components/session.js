// Whose page this is, told between the tabs of one browser.
//
// The newest sign-in is noted in localStorage (the note). A tab that finds a newer note of somebody
// else, or none where there was one, shows nothing any more and starts anew. The page stays hidden
// (style.css) until its first look at the note, and whenever it is left.

const NOTE = "captions-session"; // {owner, since, leaving}: `since` is when the token was made
const PLACE = "captions-place"; // in this tab only: where to go back to after signing in
const TURNS = "captions-turns"; // in this tab only: when it last started anew by itself
const PLACE_KEPT = 15 * 60 * 1000; // milliseconds
const NOTICE_BEFORE = 5 * 60; // seconds
const TURNS_MOST = 2;
const TURNS_COUNT = 2 * 60 * 1000; // milliseconds
const LOOK_EVERY = 5000; // milliseconds
// One for all drawings: this script is imported anew for each.
const here = (window[Symbol.for("captions.session")] ??= { installed: false, gone: false });

function read(storage, key) {
  try {
    return JSON.parse(storage().getItem(key));
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    const text = value === null ? null : JSON.stringify(value);
    if (storage().getItem(key) === text) return;
    if (text === null) storage().removeItem(key);
    else storage().setItem(key, text);
  } catch {
    // Storage may be forbidden; then tabs know nothing of each other, as without this script.
  }
}

const local = () => window.localStorage;
const ofTab = () => window.sessionStorage;

function hide(why = "hidden") {
  document.documentElement.dataset.captions = why;
}

function reveal() {
  document.documentElement.dataset.captions = "open";
}

// Everything of ours in this browser, but what belongs to `owner`.
function wipe(owner = null) {
  for (const storage of [local, ofTab]) {
    try {
      for (const key of Object.keys(storage())) {
        const kept = owner !== null && key.startsWith(`${STORED}${owner}:`);
        if (key.startsWith(STORED) && !kept) storage().removeItem(key);
      }
    } catch {
      // Nothing was kept where nothing may be.
    }
  }
  try {
    window.indexedDB.deleteDatabase("captions");
  } catch {
    // As above.
  }
}

function leaveFor(address) {
  here.gone = true;
  hide();
  wipe();
  write(ofTab, PLACE, null);
  window.location.replace(address);
}

// Never round and round, should the note and the server go on disagreeing.
function mayTurn() {
  const now = Date.now();
  const turns = (read(ofTab, TURNS) ?? []).filter((at) => now - at < TURNS_COUNT);
  if (turns.length >= TURNS_MOST) return false;
  write(ofTab, TURNS, [...turns, now]);
  return true;
}

function verdict(me, note) {
  if (me.mode !== "in") return note && !note.leaving && note.since > me.since ? "reload" : "stay";
  if (!note) return here.noted ? "front" : "note";
  if (note.leaving && note.since >= me.since) return "sign out";
  if (note.owner === me.owner) return note.since < me.since ? "note" : "stay";
  if (note.since > me.since) return "front";
  // Signed in at the very same moment: whoever was drawn last, and the server decides for the rest.
  return note.since === me.since && here.noted ? "front" : "take over";
}

function look() {
  if (here.gone || !here.me) return;
  const me = here.me;
  const decided = verdict(me, read(local, NOTE));
  if (["front", "sign out", "reload"].includes(decided) && mayTurn()) {
    if (decided === "front") leaveFor("/");
    else if (decided === "sign out") leaveFor("/auth/logout");
    else window.location.reload();
    return;
  }
  if (decided === "take over") wipe(me.owner);
  if (me.mode === "in") {
    if (decided !== "stay") write(local, NOTE, { owner: me.owner, since: me.since });
    here.noted = read(local, NOTE) !== null;
  }
  reveal();
}

function isOurs(path) {
  try {
    // The browser's own reading of it: "//other" and "/\\other" are other sites.
    return path.startsWith("/") && new URL(path, window.location.origin).origin === window.location.origin;
  } catch {
    return false;
  }
}

function keepPlace() {
  const path = window.location.pathname + window.location.search;
  if (path === "/") return;
  const owner = here.me?.owner ?? null;
  write(ofTab, PLACE, { path, owner, at: Date.now() });
}

// Back to where the sign-in was asked for, once; true if that is on its way.
function goBack(me) {
  const place = read(ofTab, PLACE);
  write(ofTab, PLACE, null);
  if (!place || typeof place.path !== "string" || !isOurs(place.path)) return false;
  if (!(Date.now() - place.at < PLACE_KEPT) || (place.owner && place.owner !== me.owner)) return false;
  if (place.path === window.location.pathname + window.location.search) return false;
  here.gone = true;
  window.location.replace(place.path);
  return true;
}

function signOut() {
  here.gone = true;
  wipe();
  write(ofTab, PLACE, null);
  if (here.me?.mode === "in") write(local, NOTE, { owner: here.me.owner, since: here.me.since, leaving: true });
  hide("leaving");
  // The page's server leads there as well; this is for when it does not answer.
  setTimeout(() => window.location.assign("/auth/logout"), 3000);
}

function secondsLeft() {
  return here.me.endsAt - (Date.now() / 1000 - here.ahead);
}

function tick() {
  look();
  if (here.gone || here.me?.mode !== "in") return;
  const left = secondsLeft();
  here.notice?.(left);
  if (left <= 0 && !isUnderWay() && !(Date.now() - here.asked < 10000)) {
    here.asked = Date.now();
    here.tell("over", here.asked);
  }
}

function install() {
  if (here.installed) return;
  here.installed = true;
  window.addEventListener("storage", (event) => {
    if (event.key === NOTE || event.key === null) look();
  });
  // What a browser keeps for its Back button is kept hidden, and not shown as it was.
  window.addEventListener("pagehide", () => hide());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
  window.addEventListener("focus", tick);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") tick();
  });
  document.addEventListener(
    "click",
    (event) => {
      const of = (name) => event.target instanceof Element && event.target.closest(`[class*="st-key-${name}"] button`);
      if (of("sign-out")) signOut();
      if (of("sign-in")) keepPlace();
    },
    true,
  );
  // Nobody is asked "leave this page?" where there is nothing left to stay for.
  window.addEventListener("beforeunload", (event) => here.gone && event.stopImmediatePropagation(), true);
  setInterval(tick, LOOK_EVERY);
}

function buildNotice(parentElement) {
  const box = element("div", "notice", parentElement);
  box.hidden = true;
  const text = element("p", "text", box);
  text.setAttribute("role", "status");
  const now = element("button", "act", box);
  const later = element("button", "act", box);
  now.type = later.type = "button";
  setText(now, "Sign in now");
  setText(later, "Later");
  now.addEventListener("click", () => {
    keepPlace();
    here.tell("renew", Date.now());
  });
  later.addEventListener("click", () => {
    box.dataset.seen = "yes";
    box.hidden = true;
  });
  return box;
}

function updateNotice(box, left) {
  const due = left > 0 && left <= NOTICE_BEFORE && !box.dataset.seen;
  if (due) {
    const ends = new Date(Date.now() + left * 1000);
    const time = ends.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    setText(box.querySelector(".text"), `At ${time} you will be asked to sign in again. Your photos are kept.`);
  }
  box.hidden = !due;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".session") ?? element("div", "session", parentElement);
  if (!isNews(root, data.revision)) return;
  const note = read(local, NOTE);
  const first = !here.me;
  if (here.me?.since !== data.since) here.ahead = Date.now() / 1000 - data.now;
  // On the page of an ended session: of the one that this browser last knew of.
  const known = data.mode === "ended" ? note : data;
  here.me = { mode: data.mode, owner: known?.owner ?? null, since: known?.since ?? 0, endsAt: data.ends_at };
  here.tell = setTriggerValue;
  install();
  if (here.gone) return;
  if (data.mode === "out") {
    wipe();
    write(local, NOTE, null);
  }
  if (data.mode === "in") {
    if (data.forgot && here.forgot !== data.forgot) wipe();
    here.forgot = data.forgot;
    if (first && goBack(here.me)) return;
    const box = root.querySelector(".notice") ?? buildNotice(root);
    here.notice = (left) => updateNotice(box, left);
  }
  tick();
}
