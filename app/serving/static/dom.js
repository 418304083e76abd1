// Elements. Texts of users and models only ever become text nodes, attributes of a fixed name, or properties.

/** Return an element; functions among the attributes listen to the event of their name. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child != null));
  return made;
}

let lastId = 0;

/** Return a control with its label before it. */
export function labelled(text, control, hint = null) {
  const id = (control.id ||= `control-${++lastId}`);
  const label = element("label", { for: id }, text);
  if (hint) {
    control.setAttribute("aria-describedby", `${id}-hint`);
    return element("div", { class: "field" }, label, control, element("small", { id: `${id}-hint` }, hint));
  }
  return element("div", { class: "field" }, label, control);
}

/** Return a place to drop files at, or to choose them; `then` is called with those that were. */
export function dropZone(text, { name, accept, multiple = false, then = () => {} }) {
  const input = element("input", { type: "file", name, accept, multiple, change: () => chosen() });
  const names = element("span", { class: "names" });
  const zone = element("label", { class: "drop" }, element("strong", {}, text), input, names);
  const chosen = () => {
    names.textContent = [...input.files].slice(0, 5).map((file) => file.name).join(", ")
      + (input.files.length > 5 ? ` and ${input.files.length - 5} more` : "");
    if (input.files.length) then([...input.files]);
  };
  const light = (isOver) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", isOver);
  };
  zone.addEventListener("dragover", light(true));
  zone.addEventListener("dragleave", light(false));
  zone.addEventListener("drop", (event) => {
    light(false)(event);
    const files = new DataTransfer();
    for (const file of event.dataTransfer.files) if (multiple || !files.items.length) files.items.add(file);
    input.files = files.files;
    chosen();
  });
  return zone;
}

export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
