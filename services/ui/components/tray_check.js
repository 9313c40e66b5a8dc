// What can be told of a file before it is sent. The rules and sentences come from photo_files.py.

function hexOf(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function lettersAt(bytes, at) {
  return String.fromCharCode(...bytes.slice(at, at + 4));
}

// The image type by a file's first bytes, or null if it is none of the accepted ones.
function typeOf(head, rules) {
  const hex = hexOf(head);
  const signature = rules.signatures.find(([magic]) => hex.startsWith(magic));
  if (signature) return signature[1];
  if (lettersAt(head, 0) === "RIFF" && lettersAt(head, 8) === "WEBP") return rules.webp;
  if (lettersAt(head, 4) !== "ftyp") return null;
  const size = Math.min(((head[0] << 24) | (head[1] << 16) | (head[2] << 8) | head[3]) >>> 0, head.length);
  const brands = [lettersAt(head, 8)];
  for (let at = 16; at + 4 <= size; at += 4) brands.push(lettersAt(head, at));
  const known = brands.find((brand) => Object.hasOwn(rules.brands, brand));
  return known ? rules.brands[known] : null;
}

// A size as people read it: "482 KB", "11.2 MB".
function sizeInWords(bytes) {
  const kilobytes = bytes / 1024;
  return kilobytes < 1000 ? `${kilobytes.toFixed(0)} KB` : `${(kilobytes / 1024).toFixed(1)} MB`;
}

// {type} of a file that may be sent, or {problem} that says what to do instead.
async function checked(file, rules) {
  const { sentences } = rules;
  if (file.size === 0) return { problem: sentences.empty };
  let head;
  try {
    head = new Uint8Array(await file.slice(0, rules.head_bytes).arrayBuffer());
  } catch {
    // A folder, or a file that has gone since.
    return { problem: sentences.unreadable };
  }
  const type = typeOf(head, rules);
  if (type === null) return { problem: sentences.not_a_photo };
  if (file.size > rules.max_bytes) {
    return { problem: sentences.too_large.replace("{size}", sizeInWords(file.size)) };
  }
  return { type };
}

// The files of a drop, each once: who selects a folder and one of its files means it once.
function withoutDoubles(files) {
  const known = new Map(files.map((file) => [`${file.name} ${file.size} ${file.lastModified}`, file]));
  return [...known.values()];
}
