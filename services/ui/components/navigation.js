// The links above every view: which one is current, and what they are together.

export default function ({ data }) {
  const top = document.querySelector(".st-key-top");
  if (!top) return;
  top.setAttribute("role", "navigation");
  top.setAttribute("aria-label", "Views");
  [...top.querySelectorAll("a")].forEach((link, index) => {
    if (index === data.current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
}
