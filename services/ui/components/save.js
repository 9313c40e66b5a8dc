// Save a file under its ticket, once: the script runs anew for every drawing.

export default function ({ data, parentElement }) {
  const started = (window[Symbol.for("captions.downloads")] ??= new Set());
  if (started.has(data.url)) return;
  started.add(data.url);
  const link = element("a", "", parentElement);
  link.href = data.url;
  // Without a name of its own the file is called what the server says.
  link.download = "";
  link.hidden = true;
  link.click();
  link.remove();
  const said = element("span", "offscreen", parentElement);
  said.setAttribute("role", "status");
  setText(said, "The download has started.");
}
