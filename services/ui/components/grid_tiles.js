// The tiles of the grid. Texts are set through textContent only; every tile has its frame before
// its picture is there, so that nothing jumps.

function buildTile(list, id, root) {
  const tile = element("li", "tile", list);
  tile.dataset.id = id;
  const pick = element("label", "pick", tile);
  const box = element("input", "", pick);
  box.type = "checkbox";
  box.value = id;
  element("span", "offscreen", pick);
  const link = element("a", "open", tile);
  link.dataset.id = id;
  element("span", "frame", link);
  const words = element("span", "words", link);
  element("span", "state", words);
  element("span", "caption", words);
  element("span", "when", words);
  element("span", "note", words);
  // A click tells whether Shift was held, a change does not; both come for the mouse and for Space.
  box.addEventListener("click", (event) => ticked(root, box, event.shiftKey));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") link.click();
  });
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    box.click();
  });
  link.addEventListener("click", (event) => {
    // Otherwise it does what links do: another tab, another window.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    root.open(id);
  });
  return tile;
}

// The address of a picture is signed anew with every answer; the picture is the same.
function isSamePicture(image, url) {
  const plain = (address) => address.split("?")[0];
  return image.complete && image.naturalWidth > 0 && plain(image.src) === plain(url);
}

function updatePicture(frame, url, root) {
  let image = frame.querySelector("img");
  if (!url) {
    image?.remove();
    return;
  }
  if (!image) {
    image = element("img", "", frame);
    image.loading = "lazy";
    image.decoding = "async";
    // The caption beside it names the link: reading the alt text as well would say it twice.
    image.alt = "";
    image.addEventListener("load", () => image.classList.add("is-there"));
    image.addEventListener("error", () => {
      image.classList.remove("is-there");
      // Addresses run out after an hour. Asked for once: one that never loads must not go on.
      if (image.asked) return;
      image.asked = true;
      root.spoiled();
    });
  }
  if (!isSamePicture(image, url)) image.src = url;
}

function updateTile(item, tile, root) {
  item.dataset.stage = tile.stage;
  const part = (name) => item.querySelector(`.${name}`);
  setText(item.querySelector(".pick .offscreen"), `Select: ${tile.caption}, ${tile.when}`);
  const link = part("open");
  const where = new URLSearchParams(root.address);
  where.set("image", tile.id);
  link.href = `?${where}`;
  updatePicture(part("frame"), tile.url, root);
  for (const name of ["state", "caption", "when", "note"]) {
    setText(part(name), tile[name] ?? "");
    part(name).hidden = !tile[name];
  }
}

function updateTiles(root, tiles) {
  const list = root.querySelector(".grid");
  const known = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const wanted = new Set(tiles.map((tile) => tile.id));
  for (const [id, item] of known) if (!wanted.has(id)) item.remove();
  tiles.forEach((tile, index) => {
    const item = known.get(tile.id) ?? buildTile(list, tile.id, root);
    updateTile(item, tile, root);
    // Moved only if it has to: whatever has the focus loses it by moving.
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}
