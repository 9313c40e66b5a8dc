// History: thumbnails as links, with boxes to tick and a bar for what is ticked.

// What scrolls the page; outside of Streamlit it is the document.
function scrollerOf(root) {
  let at = root.getRootNode().host ?? root.parentElement;
  while (at && !/auto|scroll/.test(getComputedStyle(at).overflowY)) {
    at = at.parentElement ?? at.getRootNode().host;
  }
  return at ?? document.scrollingElement;
}

// Back from a photo: the page as far down as it was, and the keyboard on the same photo. Streamlit
// may draw the grid again right away, so the way back is over only when the reader does something;
// later visits begin at the top.
function goBackTo(root, place) {
  const over = Symbol.for("captions.place");
  const link = [...root.querySelectorAll(".open")].find((one) => one.dataset.id === place?.id);
  const isOver = () => window[over] === place.at;
  if (!link || isOver()) return;
  const end = () => (window[over] = place.at);
  const once = { once: true, capture: true, passive: true };
  for (const act of ["keydown", "pointerdown", "wheel"]) window.addEventListener(act, end, once);
  requestAnimationFrame(() => {
    if (isOver()) return;
    scrollerOf(root).scrollTop = place.top;
    link.focus({ preventScroll: true });
    // In another order or on another screen it may be somewhere else by now.
    link.scrollIntoView({ block: "nearest" });
  });
}

// Another page of the same: its beginning, for the eyes and for the keyboard.
function goToTop(root) {
  if (root.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  root.querySelector(".open")?.focus({ preventScroll: true });
}

function build(parentElement) {
  const root = element("div", "history", parentElement);
  buildBar(root);
  element("ul", "grid", root).setAttribute("aria-label", "Your photos, newest first");
  return root;
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const found = parentElement.querySelector(".history");
  const root = found ?? build(parentElement);
  if (!isNews(root, data.revision)) return;
  root.tell = setStateValue;
  root.ask = (what, ids) => setTriggerValue("asked", { what, ids });
  root.open = (id) =>
    setTriggerValue("opened", { id, top: scrollerOf(root).scrollTop, at: Date.now() });
  root.spoiled = () => isUnderWay() || setTriggerValue("spoiled", Date.now());
  root.header = data.header;
  const isTurned = found && data.page !== root.page;
  root.page = data.page;
  root.address = data.address;
  root.tiles = data.tiles;
  takeUp(root, data);
  updateTiles(root, data.tiles);
  showChoice(root);
  if (isTurned) goToTop(root);
  if (!found) goBackTo(root, data.place);
}
