// What a closed tab must not lose: files on their way are kept in this browser until the gateway
// has them, and the drops shown last are remembered. Never used for another owner than theirs.

const KEPT_DAYS = 7;
const DROPS_REMEMBERED = 5;
const DROP_SHOWN_HOURS = 12;

let keptStore = null;

// The database, or null where the browser keeps none.
function store() {
  keptStore ??= new Promise((resolve) => {
    let asked;
    try {
      asked = window.indexedDB.open("captions", 1);
    } catch {
      resolve(null);
      return;
    }
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("files", { keyPath: "id" }).createIndex("owner", "owner");
    };
    asked.onsuccess = () => {
      // Signing out deletes the database, which waits for those who have it open.
      asked.result.onversionchange = () => {
        asked.result.close();
        keptStore = Promise.resolve(null);
      };
      resolve(asked.result);
    };
    asked.onerror = asked.onblocked = () => resolve(null);
  });
  return keptStore;
}

// What `use` asks of the files, or `otherwise` if that can't be done: full, forbidden, deleted.
async function withFiles(mode, use, otherwise = null) {
  const database = await store();
  if (!database) return otherwise;
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("files", mode);
      const asked = use(transaction.objectStore("files"));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    return otherwise;
  }
}

function keep(owner, item) {
  return withFiles("readwrite", (files) =>
    files.put({
      id: item.id,
      owner,
      batch: item.drop.id,
      options: item.drop.options,
      made: item.drop.made,
      name: item.name,
      type: item.type,
      size: item.size,
      file: item.file,
      stored: item.stored,
    }),
  );
}

function letGo(item) {
  return withFiles("readwrite", (files) => files.delete(item.id));
}

async function keptFiles(owner) {
  const records = await withFiles("readonly", (files) => files.index("owner").getAll(owner), []);
  const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
  for (const record of records) if (record.made < oldest) letGo(record);
  return records.filter((record) => record.made >= oldest);
}

// Nobody else sends this drop until the function that this gives is called, or the tab is closed.
// Null if another tab has it; `isPatient` waits for that. Where a page has no locks (plain http),
// nobody can tell, and a photo might be sent twice.
function holdDrop(id, isPatient = false) {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    navigator.locks
      .request(`captions-drop-${id}`, { ifAvailable: !isPatient }, (lock) => {
        if (lock === null) return resolve(null);
        return new Promise((release) => resolve(release));
      })
      .catch(() => resolve(() => {}));
  });
}

// Drops newest first, with the file names that only this browser knows.
function rememberedDrops(owner) {
  const drops = remembered(owner, "drops", []);
  return Array.isArray(drops) ? drops : [];
}

function rememberDrop(owner, drop) {
  const names = Object.fromEntries(
    drop.items.filter((item) => item.imageId).map((item) => [item.imageId, item.name]),
  );
  const others = rememberedDrops(owner).filter((other) => other.id !== drop.id);
  const drops = [{ id: drop.id, made: drop.made, names }, ...others];
  drops.sort((one, other) => other.made - one.made);
  remember(owner, "drops", drops.slice(0, DROPS_REMEMBERED));
}

function lastDrop(owner) {
  const [drop] = rememberedDrops(owner);
  return drop && Date.now() - drop.made < DROP_SHOWN_HOURS * 3600 * 1000 ? drop : null;
}
