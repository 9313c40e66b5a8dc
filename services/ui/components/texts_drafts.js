// Texts that were begun and not saved, kept in this browser for one person and one photo.

function draftsName(image) {
  return `draft:${image}`;
}

function draftsOf(owner, image) {
  const found = remembered(owner, draftsName(image), {});
  return found !== null && typeof found === "object" ? found : {};
}

// The draft of one text: what is written, and what stood there when it was begun; null for none.
function keepDraft(owner, image, id, draft) {
  const drafts = draftsOf(owner, image);
  if (draft === null) delete drafts[id];
  else drafts[id] = draft;
  if (Object.keys(drafts).length === 0) forget(owner, draftsName(image));
  else remember(owner, draftsName(image), drafts);
}
