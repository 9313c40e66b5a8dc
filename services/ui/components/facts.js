// What is known of a photo, as plain text: chips, or names with their values.

function chips(root, data) {
  const list = element("ul", "chips", root);
  list.setAttribute("aria-label", data.label);
  for (const chip of data.chips) {
    const item = element("li", "", list);
    element("span", "", item).textContent = chip.text;
    if (chip.note) element("span", "sure", item).textContent = chip.note;
  }
}

function facts(root, data) {
  const list = element("dl", "", root);
  list.setAttribute("aria-label", data.label);
  for (const fact of data.facts) {
    element("dt", "", list).textContent = fact.text;
    element("dd", "", list).textContent = fact.note;
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".facts") ?? element("div", "facts", parentElement);
  if (!isNews(root, data.revision)) return;
  root.replaceChildren();
  if (data.chips) chips(root, data);
  if (data.facts) facts(root, data);
}
