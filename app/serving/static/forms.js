// What each family takes: forms made from a model's own description.

import { Problem, ask, askForm, askJson } from "./asking.js";
import { count, dropZone, element, labelled } from "./dom.js";
import { isRowOfPicture, rowForm } from "./row_form.js";

const PICTURES = "image/*";
const TABLES = ".csv,.tsv,.txt,.gz,.parquet";

/** Return the forms of a model: `title`, `fields`, `send`, which asks the server, and `shown`, what answers need. */
export function formsOf(model) {
  return (FORMS[model.family] ?? otherForms)(model);
}

const FORMS = {
  "multi-feature": (model) =>
    isRowOfPicture(model) ? [pictureForm(model)] : [tableForm(model), rowForm(model, address(model))],
  "image-to-text": (model) => [pictureForm(model)],
  variant: (model) => [sequenceForm(model)],
  "vae-gan": (model) => [sampleForm(model), pictureForm(model, [domainField(model)])],
};

function tableForm(model) {
  const zone = dropZone("Drop a table here: CSV or Parquet", { name: "file", accept: TABLES, then: () => submit(zone) });
  const names = model.inputs.columns.map(({ name }) => name);
  const hint = `A line of column names, then a row for each answer. Columns: ${names.slice(0, 12).join(", ")}`
    + (names.length > 12 ? `, … (${names.length.toLocaleString("en")})` : "");
  const send = () => askForm(address(model), { file: filesOf(zone, model) });
  return { title: "A table", fields: [zone, element("p", { class: "hint" }, hint)], send };
}

function pictureForm(model, more = []) {
  const zone = dropZone("Drop pictures here", { name: "pictures", accept: PICTURES, multiple: true, then: () => submit(zone) });
  const options = Object.entries(model.options ?? {}).map(([name, schema]) => optionField(name, schema));
  const fields = [zone, ...more, options.length ? element("details", {}, element("summary", {}, "Options"), ...options) : null];
  const send = () => {
    const texts = Object.fromEntries(more.map(valueOf).filter(([, value]) => value !== ""));
    return askForm(address(model, options), { pictures: filesOf(zone, model), ...texts });
  };
  return { title: more.length ? "Pictures again" : "Pictures", fields, send, shown: () => ({ files: filesOf(zone, model) }) };
}

function sequenceForm(model) {
  const variants = model.inputs.variants;
  const options = variants.map(({ name }) => element("option", { value: name }, name));
  const choice = element("select", { name: "variant", change: () => tell() }, ...options);
  const text = element("textarea", { name: "inputs", rows: "10", spellcheck: "false", autocapitalize: "off" });
  const hint = element("p", { class: "hint" });
  const chosen = () => variants.find(({ name }) => name === choice.value);
  const tell = () => (hint.textContent = HINTS[chosen().kind] + (chosen().width ? ` of ${chosen().width} numbers` : ""));
  const zone = dropZone("or drop a file of text", { then: async ([file]) => (text.value = await file.text()) });
  const read = () => readSequence(chosen().kind, text.value);
  const send = () => askJson(address(model), { variant: choice.value, inputs: [read()] });
  const example = model.example?.variant === choice.value ? model.example.inputs?.[0] : null;
  if (example) text.value = typeof example === "string" ? example : JSON.stringify(example);
  tell();
  return {
    title: "A sequence",
    fields: [variants.length > 1 ? labelled("Kind", choice) : null, labelled("Sequence", text), hint, zone],
    send,
    shown: () => ({ variant: chosen(), input: read() }),
  };
}

const HINTS = {
  characters: "Text, as it is",
  tokens: 'Tokens with spaces between, or a list: ["a", "b"]',
  vectors: "A list of vectors: [[0.1, 0.2], [0.3, 0.4]]",
};

function readSequence(kind, text) {
  if (kind === "characters") return text;
  if (kind === "tokens" && !text.trim().startsWith("[")) return text.split(/\s+/).filter(Boolean);
  return readJson(text);
}

function sampleForm(model) {
  const { domains, max_samples: most } = model.inputs;
  const number = element("input", { name: "sample", type: "number", min: "1", max: String(most), value: "16", required: true });
  const seed = element("input", { name: "seed", type: "number", value: "0", required: true });
  const domain = domainField(model);
  const send = () => askJson(address(model), {
    sample: Number(number.value), seed: Number(seed.value), domain: valueOf(domain)[1] || null,
  });
  return { title: "New pictures", fields: [labelled("How many", number), domains.length > 1 ? domain : null, labelled("Seed", seed)], send };
}

function domainField(model) {
  const any = element("option", { value: "" }, "any");
  const options = model.inputs.domains.map((name) => element("option", { value: name }, name));
  return labelled("Domain", element("select", { name: "domain" }, any, ...options));
}

/** Forms of a family of one's own: JSON, and files where its data take such. */
function otherForms(model) {
  const text = element("textarea", { name: "json", rows: "8", spellcheck: "false" });
  text.value = JSON.stringify(model.example ?? { batch: model.inputs.batch ?? null }, null, 1);
  const json = { title: "JSON", fields: [labelled("Body of the request", text)], send: () => askJson(address(model), readJson(text.value)) };
  if (!model.inputs.files) return [json];
  const zone = dropZone("Drop files here", { name: "files", multiple: true, then: () => submit(zone) });
  return [{ title: "Files", fields: [zone], send: () => askForm(address(model), { files: filesOf(zone, model) }) }, json];
}

/** Return the control of a query parameter, as its JSON schema says. */
function optionField(name, schema) {
  const kinds = schema.anyOf ?? [schema];
  const isNumber = kinds.some(({ type }) => type === "number" || type === "integer");
  const step = kinds.some(({ type }) => type === "integer") ? "1" : "any";
  const control = element("input", { name, type: isNumber ? "number" : "text", step: isNumber ? step : null });
  return labelled(name.replaceAll("_", " "), control, schema.description);
}

function address(model, options = []) {
  const given = options.map(valueOf).filter(([, value]) => value !== "");
  return given.length ? `${model.predict}?${new URLSearchParams(given)}` : model.predict;
}

const control = (field) => field.querySelector("input, select, textarea");
const valueOf = (field) => [control(field).name, control(field).value];
const submit = (zone) => zone.closest("form").requestSubmit();

/** Return the files that were chosen; refuses what the server would refuse only after it has got them. */
function filesOf(zone, model) {
  const files = [...control(zone).files];
  if (!files.length) throw new Problem({ detail: "Choose a file first." });
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const { max_body_size: most, max_pictures: number } = model.limits;
  if (size > most) throw new Problem({ detail: `That is ${count(size, "byte")}; this server takes ${most.toLocaleString("en")} at once.` });
  if (control(zone).name === "pictures" && files.length > number)
    throw new Problem({ detail: `Those are ${count(files.length, "picture")}; this server takes ${number} at once.` });
  return files;
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem({ detail: `This is no JSON: ${error.message}` });
  }
}
