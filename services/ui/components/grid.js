// History: thumbnails as links. A plain click opens the photo in this page; a middle or modified
// click does what links do. Texts are set through textContent only.

function element(tag, className, parent) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function buildTile(list, tile) {
  const link = element("a", "tile", element("li", "", list));
  link.href = `?image=${encodeURIComponent(tile.id)}`;
  link.dataset.id = tile.id;
  element("span", "frame", link);
  element("span", "caption", link);
  element("span", "when", link);
  return link;
}

function updateTile(link, tile) {
  const frame = link.querySelector(".frame");
  let image = frame.querySelector("img");
  if (tile.url && !image) {
    image = element("img", "", frame);
    image.loading = "lazy";
    image.decoding = "async";
  }
  if (image && tile.url) {
    // The caption beside it names the link: reading the alt text as well would say it twice.
    image.alt = "";
    if (image.src !== tile.url) image.src = tile.url;
  }
  link.dataset.stage = tile.stage;
  link.querySelector(".caption").textContent = tile.caption;
  link.querySelector(".when").textContent = tile.when;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector(".grid") ?? element("ul", "grid", parentElement);
  // Drawings may be told in any order: see revisions.py.
  if (data.revision < Number(list.dataset.revision ?? 0)) return;
  list.dataset.revision = data.revision;
  const wanted = new Set(data.tiles.map((tile) => tile.id));
  for (const link of list.querySelectorAll(".tile")) {
    if (!wanted.has(link.dataset.id)) link.parentElement.remove();
  }
  for (const tile of data.tiles) {
    const link =
      [...list.querySelectorAll(".tile")].find((found) => found.dataset.id === tile.id) ??
      buildTile(list, tile);
    updateTile(link, tile);
    list.append(link.parentElement);
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      setTriggerValue("opened", tile.id);
    };
  }
}
