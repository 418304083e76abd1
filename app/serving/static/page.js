// The page: which models there are, and the forms and answers of the one that is chosen.

import { showAnswers } from "./answers.js";
import { Problem, ask, rememberToken } from "./asking.js";
import { count, element } from "./dom.js";
import { formsOf } from "./forms.js";

const main = document.getElementById("main");
let models = [];
let tries = 0;

async function load() {
  try {
    ({ models } = await ask("models"));
  } catch (problem) {
    main.replaceChildren(problem.status === 401 ? tokenForm(problem) : problemBox(problem));
    return;
  }
  document.getElementById("models").replaceChildren(
    ...models.map(({ name }) => element("li", {}, element("a", { href: `#${encodeURIComponent(name)}` }, name))),
  );
  main.dataset.models = models.length;
  show();
}

function tokenForm(problem) {
  const input = element("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const submit = (event) => {
    event.preventDefault();
    rememberToken(input.value.trim());
    load();
  };
  tries += 1;
  return element("form", { submit, "data-try": tries },
    element("h2", {}, "Token"), element("p", { role: "alert" }, problem.message),
    element("label", { for: "token" }, "Token of this server"), input, element("button", {}, "Go on"));
}

function show() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const model = models.find(({ name }) => name === wanted) ?? models[0];
  for (const [place, link] of [...document.querySelectorAll("#models a")].entries()) {
    if (models[place] === model) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.replaceChildren(...(model ? view(model) : []));
}

function view(model) {
  const answers = element("section", { class: "answers", "aria-live": "polite", "aria-label": "Answers", tabindex: "-1" });
  const forms = formsOf(model).map(({ title, fields, send, shown }) => {
    const button = element("button", {}, "Predict");
    const submit = (event) => {
      event.preventDefault();
      run({ model, form, button, send, shown, answers });
    };
    const form = element("form", { submit }, element("h3", {}, title), ...fields, button);
    return form;
  });
  const digest = model.digest ? `, ${model.digest.slice(0, 19)}…` : "";
  return [
    element("h2", {}, model.name),
    element("p", { class: "summary" }, `${model.summary ?? ""} (${model.family}${digest})`),
    element("div", { class: "forms" }, ...forms), answers,
  ];
}

/** Send what a form holds, and show the answers or what was wrong. */
async function run({ model, form, button, send, shown, answers }) {
  button.disabled = true;
  answers.setAttribute("aria-busy", "true");
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  const startMs = performance.now();
  try {
    const reply = await send();
    const took = ((performance.now() - startMs) / 1000).toFixed(2);
    answers.replaceChildren(
      element("h3", {}, `${count(reply.answers.length, "answer")} in ${took} s`),
      ...showAnswers(model, reply.answers, shown?.() ?? {}), saving(model, reply));
  } catch (problem) {
    if (!(problem instanceof Problem)) console.error(problem);
    answers.replaceChildren(problemBox(problem));
    markFields(form, problem);
  }
  answers.removeAttribute("aria-busy");
  button.disabled = false;
  answers.scrollIntoView({ block: "nearest" });
}

function saving(model, reply) {
  const blob = new Blob([JSON.stringify(reply, null, 1)], { type: "application/json" });
  return element("a", { class: "save", download: `${model.name}.json`, href: URL.createObjectURL(blob) }, "Save as JSON");
}

function problemBox(problem) {
  const place = ({ row, field }) => [row == null ? null : `row ${row + 1}`, field].filter((part) => part != null).join(", ");
  const errors = (problem.errors ?? []).map((one) =>
    element("li", {}, place(one) ? element("strong", {}, `${place(one)}: `) : null, one.message));
  return element("div", { class: "problem", role: "alert" },
    element("p", {}, problem.message), errors.length ? element("ul", {}, ...errors) : null);
}

/** Mark the fields of the form that the problem names, and go to the first. */
function markFields(form, problem) {
  const names = new Set((problem.errors ?? []).map((one) => one.field));
  const wrong = [...form.elements].filter((field) => field.name && names.has(field.name));
  for (const field of wrong) {
    field.setAttribute("aria-invalid", "true");
    field.closest("details")?.setAttribute("open", "");
  }
  wrong[0]?.focus();
}

addEventListener("hashchange", show);
load();
