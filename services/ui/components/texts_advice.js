// What is worth saying about a text while it is being written. Advice only, except for `stop`: those
// the gateway would refuse.

// The lengths are those of services/captioner/quality.py, which the models' own texts keep.
const CONCISE_WORDS = 10;
const ALT_CHARACTERS = 125;
const OPENING =
  /^\W*(?:(?:this|the|an?|here)\s+(?:is\s+an?\s+)?)?(?:[\w-]+\s+)?(image|picture|photo|photograph|pic|snapshot)s?\s+(of|showing|that shows|shows)\b/i;
const OPENING_ELSEWHERE =
  /^(?:ein\s+|une?\s+|una?\s+|uma\s+|een\s+)?(?:bild|foto|image|photo|imagen|immagine|imagem|afbeelding)\s+(?:von|mit|de|d['’]|di|van)\s*/i;
const FILE_NAME = /\.(?:jpe?g|png|gif|webp|heic|heif|avif|tiff?)$|^(?:img|dsc|dscn|dscf|pxl|mvimg|screenshot)[-_ ]?\d/i;

function lengthOf(text) {
  return [...text].length;
}

function wordsIn(text) {
  return text.trim() === "" ? 0 : text.trim().split(/\s+/).length;
}

// As the gateway sees two texts: what lies between words is no difference.
function isSame(one, other) {
  return one.trim().replace(/\s+/g, " ") === other.trim().replace(/\s+/g, " ");
}

function stopOf(text, rule) {
  if (text.trim() === "" && !rule.may_be_empty) return "This text can’t be empty.";
  const length = lengthOf(text);
  if (length <= rule.max) return "";
  return `${length} characters are too many: at most ${rule.max} can be saved.`;
}

function altAdvice(text, shortCaption) {
  const trimmed = text.trim();
  if (trimmed === "") {
    return [
      "Empty means decoration: screen readers pass over the photo. Right only where it adds nothing to the words around it.",
    ];
  }
  const said = [];
  const opening = OPENING.exec(trimmed) ?? OPENING_ELSEWHERE.exec(trimmed);
  if (opening) {
    said.push(`Leave out “${opening[0].trim()}”: screen readers say that it is an image.`);
  }
  if (FILE_NAME.test(trimmed)) said.push("This looks like a file name. Say what is to be seen.");
  const length = lengthOf(trimmed);
  if (length > ALT_CHARACTERS) {
    said.push(`${length} characters. Keep to ${ALT_CHARACTERS}: it is heard in one go, without a pause.`);
  }
  if (shortCaption !== "" && isSame(trimmed, shortCaption)) {
    said.push("The same as the short caption: where both are shown, it is heard twice.");
  }
  return said;
}

// { stop, advice, count }: what forbids saving, what to think of, and how long it is.
function judged(id, text, rule, shortCaption) {
  const stop = stopOf(text, rule);
  if (id === "concise") {
    const words = wordsIn(text);
    const long = words > CONCISE_WORDS;
    const advice = long ? [`${words} words. At most ten fit everywhere.`] : [];
    return { stop, advice, count: `${words} of ${CONCISE_WORDS} words` };
  }
  const length = lengthOf(text.trim());
  if (id !== "alt_text") return { stop, advice: [], count: `${length} characters` };
  const advice = stop ? [] : altAdvice(text, shortCaption);
  return { stop, advice, count: `${length} of ${ALT_CHARACTERS} characters` };
}
