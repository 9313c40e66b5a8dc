// A photo's picture: this browser's own file until the gateway's thumbnail has arrived. Previews
// are made only near the screen: a hundred of them at full size would fill a phone's memory.

const NEAR = "600px";

let watcher = null;

function nearby() {
  watcher ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        target.onNear?.();
      }
    },
    // The page scrolls inside an element, where only the second of these counts.
    { rootMargin: NEAR, scrollMargin: NEAR },
  );
  return watcher;
}

function drawPicture(frame, item) {
  const url = item.card?.thumbnail;
  if (url) {
    if (!frame.dataset.done) showThumbnail(frame, item, url);
    frame.querySelector("img.thumbnail")?.setAttribute("alt", pictureText(item));
    return;
  }
  if (!item.file || frame.dataset.asked) return;
  frame.dataset.asked = "true";
  frame.onNear = () => showPreview(frame, item);
  nearby().observe(frame);
}

function pictureText(item) {
  // An empty alt text is a description too: of decoration.
  return item.card?.texts.alt_text ?? "The photo, not described yet";
}

function showPreview(frame, item) {
  if (!item.file || frame.dataset.done) return;
  const preview = element("img", "preview", frame);
  preview.decoding = "async";
  preview.alt = "The photo, not described yet";
  const url = URL.createObjectURL(item.file);
  preview.onload = () => URL.revokeObjectURL(url);
  preview.onerror = () => {
    // A format that this browser does not show, such as HEIC: the thumbnail will be a JPEG.
    URL.revokeObjectURL(url);
    preview.remove();
    if (!frame.dataset.done) setText(element("span", "no-preview", frame), "Preview follows");
  };
  preview.src = url;
}

function showThumbnail(frame, item, url) {
  frame.dataset.done = "true";
  const picture = element("img", "thumbnail", frame);
  picture.decoding = "async";
  picture.loading = "lazy";
  picture.alt = pictureText(item);
  // Laid over the preview, which goes once this one is there: no flash in between.
  picture.onload = () => frame.querySelectorAll(".preview, .no-preview").forEach((old) => old.remove());
  picture.onerror = () => {
    picture.remove();
    // Its address had ended, or the network has: the next news of the photo brings another.
    delete frame.dataset.done;
  };
  picture.src = url;
}
