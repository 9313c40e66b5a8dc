// The tray's own knowledge: drops, newest first, of items. An item is a file, a photo of the
// gateway, or first the one and then the other. Where it is:
//   checking -> waiting -> sending -> stored -> taken, or unsent with a problem.
// It lives as long as the page's document, so that going to another view and back loses nothing.

const WINDOW = 12; // files told to Python at a time: forms end after five minutes

const trays = new Map();

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

function modelOf(owner) {
  if (!trays.has(owner)) {
    trays.set(owner, {
      owner,
      rules: null,
      drops: [],
      items: new Map(),
      photos: new Map(),
      retries: {},
      desk: "",
      seen: 0,
      tick: 0,
      answered: 0,
      mounts: 0,
      looks: 0,
      opened: null,
      away: false,
      changed: () => {},
      redraw: () => {},
    });
  }
  return trays.get(owner);
}

function dropOf(model, id, made = 0, options = null) {
  const known = model.drops.find((drop) => drop.id === id);
  if (known) {
    known.options ??= options;
    return known;
  }
  const noted = rememberedDrops(model.owner).find((drop) => drop.id === id);
  const drop = {
    id,
    made: made || noted?.made || 0,
    options,
    names: noted?.names ?? {},
    items: [],
    loaded: false,
    stalled: false,
    resumed: 0,
    elsewhere: false,
    release: () => {},
    tooMany: false,
  };
  model.drops.push(drop);
  model.drops.sort((one, other) => other.made - one.made);
  return drop;
}

function addItem(model, drop, given) {
  const item = {
    id: newId(),
    drop,
    name: "Photo",
    size: 0,
    type: null,
    file: null,
    phase: "taken",
    tries: 0,
    spent: null,
    stored: null,
    form: null,
    failures: 0,
    refusals: 0,
    notBefore: 0,
    share: 0,
    imageId: null,
    card: null,
    problem: null,
    again: false,
    ...given,
  };
  drop.items.push(item);
  model.items.set(item.id, item);
  return item;
}

function removeItem(model, item) {
  item.drop.items.splice(item.drop.items.indexOf(item), 1);
  model.items.delete(item.id);
  if (model.photos.get(item.imageId) === item) model.photos.delete(item.imageId);
  item.removed = true;
}

function setUnsent(model, item, problem, again) {
  Object.assign(item, { phase: "unsent", problem, again, form: null });
  model.redraw(item);
}

// Files that somebody dropped, chose or pasted.
async function addFiles(model, files) {
  const once = withoutDoubles(files);
  if (once.length === 0) return;
  const { rules } = model;
  const drop = dropOf(model, newId(), Date.now(), chosenOptions(model.owner));
  drop.loaded = true;
  drop.tooMany = once.length > rules.max_files;
  const items = once
    .slice(0, rules.max_files)
    .map((file) => addItem(model, drop, { name: file.name, size: file.size, file, phase: "checking" }));
  items.forEach(model.redraw);
  const held = holdDrop(drop.id);
  for (const item of items) {
    const { type, problem } = await checked(item.file, rules);
    if (problem) {
      setUnsent(model, item, problem, false);
      item.file = null;
    } else {
      Object.assign(item, { type, phase: "waiting" });
      model.redraw(item);
    }
  }
  rememberDrop(model.owner, drop);
  drop.release = await held;
  model.changed();
  for (const item of items) if (item.phase !== "unsent" && item.phase !== "taken") await keep(model.owner, item);
  // Some may have arrived while the others were still being kept.
  for (const item of items) if (item.phase === "taken") letGo(item);
}

// Files that an earlier visit of this person did not get to send. What another tab is sending is
// shown, and taken over should that tab be closed.
async function resume(model) {
  const records = await keptFiles(model.owner);
  for (const id of new Set(records.map((record) => record.batch))) {
    const { made, options } = records.find((record) => record.batch === id);
    const release = await holdDrop(id);
    const drop = dropOf(model, id, made, options);
    if (release) {
      resumeDrop(model, drop, records, release);
      continue;
    }
    drop.elsewhere = true;
    holdDrop(id, true).then(async (released) => {
      drop.elsewhere = false;
      model.looks += 1;
      resumeDrop(model, drop, await keptFiles(model.owner), released);
    });
  }
  model.changed();
}

function resumeDrop(model, drop, records, release) {
  const lost = records.filter((record) => record.batch === drop.id && !model.items.has(record.id));
  for (const { id, name, size, type, file, stored } of lost) {
    const phase = stored ? "stored" : "waiting";
    model.redraw(addItem(model, drop, { id, name, size, type, file, stored, phase }));
  }
  drop.resumed += lost.filter((record) => !record.stored).length;
  drop.release = release;
  releaseIfSent(drop);
  model.changed();
}

function releaseIfSent(drop) {
  const isSent = drop.items.every((item) => item.phase === "taken" || item.phase === "unsent");
  if (isSent) drop.release();
}

// The files that Python has to know of now, in the order they were added.
function pending(model) {
  const items = [...model.items.values()];
  const stored = items.filter((item) => item.phase === "stored");
  const sending = items.filter((item) => item.phase === "waiting" || item.phase === "sending");
  return [...stored, ...sending.slice(0, WINDOW)];
}

function stateOf(model) {
  const items = pending(model);
  const busy = new Set(items.map((item) => item.drop));
  return {
    tick: model.tick,
    visible: !document.hidden,
    desk: model.desk,
    seen: model.seen,
    mounts: model.mounts,
    looks: model.looks,
    opened: model.opened,
    drops: model.drops.map((drop) => ({
      id: drop.id,
      elsewhere: drop.elsewhere,
      options: busy.has(drop) ? drop.options ?? {} : {},
    })),
    parcels: Object.fromEntries(
      items.map(({ id, drop, type, size, tries, spent, stored }) => [
        id,
        { batch: drop.id, type, size, tries, spent, stored },
      ]),
    ),
    retries: model.retries,
  };
}
