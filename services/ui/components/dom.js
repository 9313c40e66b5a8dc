// What the components' scripts share. Everything that came from a person or a model is set through
// textContent, so it can be neither HTML nor Markdown.

function element(tag, className, parent) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// Drawings may be told in any order: see revisions.py. True if this one is newer than what is shown.
function isNews(root, revision) {
  if (revision < Number(root.dataset.revision ?? 0)) return false;
  root.dataset.revision = revision;
  return true;
}

// On the way to another view nothing is told that nobody asked for. Streamlit would run it, late, in
// the view that was left, and for that clear the one that has just been drawn: see navigation.js.
const UNDER_WAY = Symbol.for("captions.under-way");

function isUnderWay() {
  return Date.now() < (window[UNDER_WAY]?.until ?? 0);
}

async function writeToClipboard(text, near) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Plain http on another machine's address: browsers offer only the old way there.
  const area = element("textarea", "offscreen", near);
  area.value = text;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy refused");
}

// A button that copies what `read` gives, says so on itself and to screen readers, and reads
// `label` again two seconds later. `selected` is what is marked for the keyboard if copying fails.
function copyButton(parent, label, read, selected) {
  const button = element("button", "copy", parent);
  button.type = "button";
  const said = element("span", "offscreen", parent);
  said.setAttribute("role", "status");
  setText(button, label);
  let timer = 0;
  button.addEventListener("click", async () => {
    let outcome = "Copied";
    try {
      await writeToClipboard(read(), parent);
    } catch {
      outcome = "Press Ctrl+C";
      const range = document.createRange();
      range.selectNodeContents(selected ?? parent);
      window.getSelection().removeAllRanges();
      window.getSelection().addRange(range);
    }
    setText(button, outcome);
    setText(said, outcome);
    clearTimeout(timer);
    timer = setTimeout(() => {
      setText(button, label);
      setText(said, "");
    }, 2000);
  });
  return button;
}
