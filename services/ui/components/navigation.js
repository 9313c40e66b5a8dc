// The links above every view: which one is current, what they are together, and that one is on the
// way to another view, from the click until that view is drawn.

const ARRIVES_WITHIN = 5 * 1000; // ms; a way that takes longer holds nothing up any more
const PATH = Symbol.for("captions.path"); // of the view that is shown
const CURRENT = ".st-key-top [aria-current=page]";

// By their place in the row: the first view has other addresses besides that of its link.
function currentView() {
  const links = [...document.querySelectorAll(".st-key-top a")];
  return links.indexOf(document.querySelector(CURRENT));
}

function setOut() {
  window[UNDER_WAY] = { from: currentView(), until: Date.now() + ARRIVES_WITHIN };
}

// The view that is being left may be marked once more on the way.
function arrive() {
  if (window[UNDER_WAY]?.from !== currentView()) window[UNDER_WAY] = null;
}

function listen() {
  const isListening = Symbol.for("captions.navigation");
  if (window[isListening]) return;
  window[isListening] = true;
  const opensHere = (event) => event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey);
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target instanceof Element && event.target.closest("[data-testid=stPageLink-NavLink]");
      if (link && !link.matches(CURRENT) && opensHere(event)) setOut();
    },
    true,
  );
  // Within a view only what follows the path changes.
  window.addEventListener("popstate", () => {
    if (window.location.pathname !== window[PATH]) setOut();
  });
}

export default function ({ data }) {
  const top = document.querySelector(".st-key-top");
  if (!top) return;
  listen();
  top.setAttribute("role", "navigation");
  top.setAttribute("aria-label", "Views");
  [...top.querySelectorAll("a")].forEach((link, index) => {
    if (index === data.current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  arrive();
  window[PATH] = window.location.pathname;
}
