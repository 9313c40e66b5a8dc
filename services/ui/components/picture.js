// The photo, large. Its room is kept while it loads; what a browser can't show gives way to the
// thumbnail.

function addressOf(url) {
  // Presigned addresses differ in their signatures only.
  return url.split("?")[0];
}

function build(parentElement) {
  const root = element("figure", "picture", parentElement);
  root.frame = element("div", "frame", root);
  root.link = element("a", "link", root);
  root.link.target = "_blank";
  root.link.rel = "noopener noreferrer";
  setText(root.link, "Open in full size");
  return root;
}

function shown(root, url) {
  const found = root.frame.querySelector("img");
  // A picture that is there stays, however its address was signed since.
  if (found && (addressOf(found.src) === addressOf(url) || found.dataset.instead === "yes")) {
    if (found.complete && found.naturalWidth > 0) return found;
  }
  root.frame.replaceChildren();
  const image = element("img", "", root.frame);
  image.decoding = "async";
  return image;
}

// As wide as there is room, but no larger than it is, and never higher than can be seen at once.
function keepRoom(image, width, height) {
  image.style.aspectRatio = `${width} / ${height}`;
  image.style.width = `min(100%, ${width}px, calc(var(--highest) * ${width / height}))`;
}

function draw(root, picture) {
  const image = shown(root, picture.url);
  image.alt = picture.alt;
  if (image.src) return;
  keepRoom(image, picture.width || 400, picture.height || 300);
  image.onerror = () => {
    if (image.dataset.instead === "yes" || !picture.instead) return;
    image.dataset.instead = "yes";
    image.src = picture.instead;
  };
  image.src = picture.url;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".picture") ?? build(parentElement);
  if (!isNews(root, data.revision)) return;
  root.frame.classList.toggle("is-empty", !data.picture);
  root.link.hidden = !data.picture?.full;
  if (data.picture) {
    draw(root, data.picture);
    if (data.picture.full) root.link.href = data.picture.full;
  } else {
    root.frame.replaceChildren();
    setText(element("p", "", root.frame), data.words);
  }
}
