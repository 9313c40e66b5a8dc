// What a person may ask for: language, style, labels, and whether the photo's own data stay. Kept
// while it is typed, sent with every photo that is added afterwards.

const OTHER = "other";
const TAG = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/; // as the gateway has it
const TAG_MAX = 35;
const STYLE_MAX = 200;

function savedOptions(owner) {
  const saved = remembered(owner, "options", {}) ?? {};
  return {
    language: String(saved.language ?? "en"),
    tag: String(saved.tag ?? ""),
    style: String(saved.style ?? "").slice(0, STYLE_MAX),
    labels: saved.labels !== false,
    keep_exif: saved.keep_exif === true,
  };
}

// As the gateway takes them.
function chosenOptions(owner) {
  const { language, tag, style, labels, keep_exif } = savedOptions(owner);
  const wanted = language === OTHER ? tag.trim() : language;
  return {
    language: TAG.test(wanted) ? wanted : "en",
    labels: String(labels),
    keep_exif: String(keep_exif),
    ...(style.trim() ? { style: style.trim() } : {}),
  };
}

function labelled(parent, text, tag, id) {
  const row = element("div", "option", parent);
  const label = element("label", "", row);
  label.htmlFor = id;
  setText(label, text);
  const control = element(tag, "", row);
  control.id = id;
  return control;
}

function ticked(parent, text, hint, id) {
  const row = element("div", "option is-tick", parent);
  const box = element("input", "", row);
  box.type = "checkbox";
  box.id = id;
  const label = element("label", "", row);
  label.htmlFor = id;
  setText(label, text);
  setText(element("span", "hint", row), hint);
  return box;
}

function buildOptions(parent, model, languages) {
  const { owner } = model;
  const details = element("details", "options", parent);
  const summary = element("summary", "", details);
  setText(summary, "Options");
  const said = element("span", "chosen", summary);
  const fields = element("div", "fields", details);

  const language = labelled(fields, "Language of the captions", "select", "language");
  for (const [tag, name] of [...languages, [OTHER, "Another language …"]]) {
    const option = element("option", "", language);
    option.value = tag;
    setText(option, name);
    if (tag !== OTHER) option.lang = tag;
  }
  const tag = labelled(fields, "Language tag, such as sr-Latn or cy", "input", "tag");
  tag.maxLength = TAG_MAX;
  tag.autocapitalize = "off";
  tag.spellcheck = false;
  const fault = element("p", "problem", tag.parentElement);
  fault.id = "tag-fault";
  const style = labelled(fields, "Style, in your own words", "input", "style");
  style.maxLength = STYLE_MAX;
  style.placeholder = "For example: warm, for a travel magazine";
  const labels = ticked(fields, "Look for things in the photo", "Named things make captions more exact.", "labels");
  const exif = ticked(fields, "Keep the date and the camera", "The place is always removed.", "keep-exif");

  function show() {
    const saved = savedOptions(owner);
    const isOther = saved.language === OTHER;
    tag.parentElement.hidden = !isOther;
    const isWrong = isOther && saved.tag !== "" && !TAG.test(saved.tag.trim());
    setText(fault, isWrong ? "This is not a language tag. Until it is one, captions are in English." : "");
    tag.setAttribute("aria-invalid", String(isWrong));
    tag.setAttribute("aria-describedby", fault.id);
    const shown = languages.find(([known]) => known === chosenOptions(owner).language);
    const words = [shown ? shown[1] : chosenOptions(owner).language];
    if (saved.style.trim()) words.push(saved.style.trim());
    if (!saved.labels) words.push("no labels");
    if (saved.keep_exif) words.push("date and camera kept");
    setText(said, words.join(", "));
  }

  function fill() {
    const saved = savedOptions(owner);
    language.value = [...language.options].some((one) => one.value === saved.language) ? saved.language : "en";
    tag.value = saved.tag;
    style.value = saved.style;
    labels.checked = saved.labels;
    exif.checked = saved.keep_exif;
    show();
  }

  fields.addEventListener("input", () => {
    remember(owner, "options", {
      language: language.value,
      tag: tag.value,
      style: style.value,
      labels: labels.checked,
      keep_exif: exif.checked,
    });
    show();
  });
  fill();
}
