// What the page keeps in this browser for one person: drafts, choices, where they were. All keys
// start with the same word, so that signing out finds every one of them.

const STORED = "captions:";

function storageKey(owner, name) {
  return `${STORED}${owner}:${name}`;
}

// The value last remembered under this name, or `otherwise`.
function remembered(owner, name, otherwise = null) {
  try {
    const text = window.localStorage.getItem(storageKey(owner, name));
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    // Storage may be switched off, full of another version's values, or forbidden.
    return otherwise;
  }
}

function remember(owner, name, value) {
  try {
    window.localStorage.setItem(storageKey(owner, name), JSON.stringify(value));
  } catch {
    // Nothing that is kept here is needed for the page to work.
  }
}

function forget(owner, name) {
  try {
    window.localStorage.removeItem(storageKey(owner, name));
  } catch {
    // As above.
  }
}
