// The line that says how everything does, and for each trouble where on the page to look.

function goTo(section) {
  const target = document.querySelector(`.st-key-${section}`);
  if (!target) return;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  // The keyboard goes on from there, too.
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

function build(parentElement) {
  const root = element("div", "findings", parentElement);
  const told = element("div", "told", root);
  told.setAttribute("role", "status");
  element("p", "as-of", root);
  return root;
}

function tell(told, data) {
  told.replaceChildren();
  const line = element("p", `line ${data.tone}`, told);
  const mark = element("span", "mark", line);
  mark.setAttribute("aria-hidden", "true");
  setText(mark, { good: "✓", warn: "!", bad: "✕", note: "i" }[data.tone]);
  setText(element("strong", "", line), data.title);
  const list = element("ul", "", told);
  list.hidden = data.findings.length === 0;
  for (const finding of data.findings) {
    const item = element("li", finding.tone, list);
    setText(element("span", "words", item), finding.text);
    const link = element("button", "look", item);
    link.type = "button";
    setText(link, finding.look);
    link.addEventListener("click", () => goTo(finding.section));
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".findings") ?? build(parentElement);
  if (!isNews(root, data.revision)) return;
  setText(root.querySelector(".as-of"), data.as_of);
  // Told again only if it is something else: screen readers read out every change.
  const told = JSON.stringify([data.tone, data.title, data.findings]);
  if (root.dataset.told !== told) tell(root.querySelector(".told"), data);
  root.dataset.told = told;
}
