"use strict";
// Everything is put on the page as text, never as markup: the document can't bring a script along.

const make = (tag, attributes, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};
const json = (value) => JSON.stringify(value, null, 2);

// Text with `code` in it, a paragraph for each blank line.
const prose = (text) => text.split("\n\n").map((paragraph) => make("p", {}, ...inline(paragraph)));
const inline = (text) =>
  text.split("`").map((piece, at) => (at % 2 ? make("code", { textContent: piece }) : piece));

let contract;

const resolve = (thing) => {
  if (!thing || !thing.$ref) return thing;
  const { $ref, ...beside } = thing;
  const target = $ref.slice(2).split("/").reduce((found, name) => found[name], contract);
  return { ...target, ...beside, properties: { ...target.properties, ...beside.properties } };
};
const nameOf = (schema) => (schema.$ref ? schema.$ref.split("/").pop() : null);

// A schema in a few words: "string, at most 200 characters".
const words = (schema) => {
  if (nameOf(schema)) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map(words).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.type === "array") return `list of ${words(schema.items ?? {})}`;
  const limits = [
    [schema.format, schema.format],
    [schema.minimum, `from ${schema.minimum}`],
    [schema.maximum, `to ${schema.maximum}`],
    [schema.maxLength, `at most ${schema.maxLength} characters`],
    [schema.pattern, `like ${schema.pattern}`],
    [schema.default, `default ${JSON.stringify(schema.default)}`],
  ];
  const kept = limits.filter(([value]) => value !== undefined && value !== null);
  return [schema.type ?? (schema.contentMediaType ? "bytes" : "anything"), ...kept.map(([, text]) => text)].join(", ");
};

// The model inside: of a list its items, of an alternative with null the other one.
const inside = (schema) => {
  const candidates = schema.anyOf ?? (schema.type === "array" ? [schema.items ?? {}] : [schema]);
  const found = candidates.find((each) => each.$ref || each.properties || each.type === "array");
  if (!found) return null;
  return found === schema ? resolve(schema) : inside(found);
};

const fields = (schema, depth = 0) => {
  const model = inside(schema);
  if (!model?.properties || !Object.keys(model.properties).length || depth > 4) return null;
  const rows = Object.entries(model.properties).map(([name, field]) => {
    const nested = fields(field, depth + 1);
    return make("tr", {},
      make("td", {}, make("code", { textContent: name })),
      make("td", {}, make("span", { className: "soft" }, words(field)),
        field.description ? make("div", {}, ...inline(field.description)) : null,
        nested ? make("details", {}, make("summary", {}, "Fields"), nested) : null));
  });
  return make("table", {}, make("tbody", {}, ...rows));
};

const parameters = (operation) => {
  if (!operation.parameters) return [];
  const rows = operation.parameters.map((each) => make("tr", {},
    make("td", {}, make("code", { textContent: each.name }),
      make("span", { className: "soft" }, ` ${each.in}${each.required ? ", required" : ""}`)),
    make("td", {}, ...inline(each.description ?? ""),
      make("div", { className: "soft" }, words(each.schema)))));
  return [make("h4", {}, "Parameters"), make("table", {}, make("tbody", {}, ...rows))];
};

const contents = (content) => {
  const groups = new Map();  // types with the same schema are told together
  for (const [type, media] of Object.entries(content ?? {})) {
    const key = json([media.schema, media.example]);
    groups.set(key, [...(groups.get(key) ?? []), [type, media]]);
  }
  return [...groups.values()].flatMap((group) => {
    const media = group[0][1];
    const examples = media.examples ?? (media.example !== undefined ? { Example: { value: media.example } } : {});
    return [
      make("div", { className: "soft" }, group.map(([type]) => type).join(", ")),
      fields(media.schema ?? {}),
      ...Object.entries(examples).map(([name, example]) =>
        make("details", {}, make("summary", {}, name), make("pre", { textContent: json(example.value) }))),
    ];
  });
};

const answers = (operation) => Object.entries(operation.responses).map(([status, answer]) =>
  make("details", {},
    make("summary", {}, make("strong", {}, status), " ", ...inline(answer.description)),
    ...contents(answer.content),
    make("div", { className: "soft" }, "Headers: ", Object.keys(answer.headers ?? {}).join(", "))));

const curl = (method, path, operation) => {
  const lines = [`curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`} "${location.origin}${path}"`];
  if (operation.security.length) lines.push('-H "Authorization: Bearer $TOKEN"');
  const content = operation.requestBody?.content ?? {};
  if (content["multipart/form-data"]) lines.push("-F image=@photo.jpg");
  else if (content["application/json"]) {
    lines.push("-H 'Content-Type: application/json'");
    lines.push(`-d '${JSON.stringify(content["application/json"].example ?? {})}'`);
  }
  const text = lines.join(" \\\n  ");
  const button = make("button", { type: "button", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  });
  return make("div", { className: "curl" }, make("pre", { textContent: text }), button);
};

const article = (method, path, operation) => make("article", { id: operation.operationId },
  make("h3", {}, operation.summary),
  make("div", { className: "call" },
    make("span", { className: `method ${method}` }, method.toUpperCase()), " ",
    make("code", { textContent: path })),
  ...prose(operation.description ?? ""),
  ...parameters(operation),
  ...(operation.requestBody ? [make("h4", {}, "Body"), ...contents(operation.requestBody.content)] : []),
  make("h4", {}, "Answers"), ...answers(operation),
  make("h4", {}, "Try it"), curl(method, path, operation));

const show = () => {
  const all = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })));
  const main = document.querySelector("main");
  const nav = document.querySelector("nav");
  main.replaceChildren(
    make("h1", {}, contract.info.title),
    make("p", { className: "soft" }, `Version ${contract.info.version} · `,
      make("a", { href: "/openapi.json" }, `OpenAPI ${contract.openapi}`)),
    ...prose(contract.info.description));
  for (const tag of contract.tags) {
    const group = all.filter(({ operation }) => operation.tags.includes(tag.name));
    nav.append(make("h2", {}, tag.name), ...group.map(({ operation }) =>
      make("a", { href: `#${operation.operationId}` }, operation.summary)));
    main.append(make("h2", {}, tag.name), ...prose(tag.description),
      ...group.map(({ method, path, operation }) => article(method, path, operation)));
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
};

fetch("/openapi.json")
  .then((response) => response.json())
  .then((found) => { contract = found; show(); })
  .catch(() => { document.querySelector("main p").append(" It could not be read: reload the page."); });
