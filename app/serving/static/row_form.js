// A row of a table: a field for each column, in the groups of the model.

import { askForm, askJson } from "./asking.js";
import { count, element, labelled } from "./dom.js";

const MOST_OPEN = 12; // columns, above which groups are closed

/** Whether a model reads nothing but one picture. */
export const isRowOfPicture = ({ inputs }) => inputs.columns.length === 1 && inputs.columns[0].kind === "picture";

/** Return the form of one row, filled in with the example. */
export function rowForm(model, address) {
  const { columns } = model.inputs;
  const example = model.example?.rows?.[0] ?? {};
  const controls = columns.map((column) => KINDS[column.kind].make(column, example[column.name]));
  const groups = Map.groupBy(columns.map((column, place) => [column, controls[place]]), ([column]) => column.group);
  const fields = [...groups].map(([group, members], place) =>
    element("details", { open: columns.length <= MOST_OPEN || place === 0 },
      element("summary", {}, groups.size > 1 ? `${group}: ${count(members.length, "column")}` : count(members.length, "column")),
      element("div", { class: "fields" }, ...members.map(([column, control]) => labelled(column.name, control, KINDS[column.kind].hint)))));
  const send = () => {
    const values = columns.map((column, place) => [column.name, KINDS[column.kind].read(controls[place])]);
    const rows = [Object.fromEntries(values.map(([name, value]) => [name, value === "" ? null : value]))];
    const pictures = controls.flatMap((control) => (control.type === "file" ? [...control.files] : []));
    return pictures.length ? askForm(address, { pictures, rows: JSON.stringify({ rows }) }) : askJson(address, { rows });
  };
  return { title: "A row", fields, send };
}

const textControl = (tag, attributes = {}) => ({ name }, value) => {
  const made = element(tag, { name, autocomplete: "off", ...attributes });
  made.value = value ?? "";
  return made;
};

const choice = (pairs) => (column, value) => {
  const made = element("select", { name: column.name },
    element("option", { value: "" }, column.may_be_missing ? "(missing)" : "–"),
    ...pairs(column).map(([key, text]) => element("option", { value: key }, text)));
  made.value = value == null ? "" : String(value);
  return made;
};

const readText = (control) => control.value;
const readNumber = (control) => (control.value === "" ? "" : Number(control.value));
const readNumbers = (control) => {
  if (!control.value.trim()) return "";
  const numbers = control.value.replace(/[[\]]/g, " ").split(/[\s,;]+/).filter(Boolean).map(Number);
  return numbers.some(Number.isNaN) ? control.value : numbers;
};

const KINDS = {
  number: { make: textControl("input", { type: "number", step: "any" }), read: readNumber },
  boolean: {
    make: (column, value) => choice(() => [["1", "yes"], ["0", "no"]])(column, value == null ? null : Number(value)),
    read: readNumber,
  },
  category: { make: choice(({ categories }) => categories.map((name) => [name, name])), read: readText },
  date: { make: textControl("input", { type: "text" }), read: readText, hint: "2024-01-31 or 2024-01-31T18:30:00" },
  text: { make: textControl("textarea", { rows: "3" }), read: readText },
  sequence: { make: textControl("textarea", { rows: "2" }), read: readNumbers, hint: "Numbers with spaces between" },
  picture: {
    make: ({ name }) => element("input", { name, type: "file", accept: "image/*" }),
    read: (control) => control.files[0]?.name ?? "",
  },
};
