// Answers as people look at them.

import { count, element } from "./dom.js";

const MOST_BARS = 5;
const ROWS_AT_ONCE = 100;

/** Return elements that show answers; `files` are the pictures, `input` and `variant` the sequence that was sent. */
export function showAnswers(model, answers, shown) {
  return (VIEWS[model.answers.kind] ?? tableView)(answers, shown, model);
}

const VIEWS = { caption: captionView, sequences: sequenceView, pictures: pictureView, other: otherView };

// Tables: a row for each answer.

function tableView(answers, { files }, model) {
  const described = model.answers;
  const several = described.kind === "several" ? described.columns : null;
  const columns = several ?? { [described.target ?? "prediction"]: described };
  const cells = (answer) => Object.entries(columns).map(([name, one]) => [name, tableCell(one, several ? answer[name] : answer)]);
  const first = files ? "Picture" : "Row";
  const head = element("tr", {}, element("th", { scope: "col" }, first),
    ...Object.keys(columns).map((name) => element("th", { scope: "col" }, name)));
  const row = (answer, place) => element("tr", {},
    element("th", { scope: "row", "data-name": first }, files ? picture(files[place]) : String(place + 1)),
    ...cells(answer).map(([name, cell]) => element("td", { "data-name": name }, cell)));
  const body = element("tbody");
  return [element("table", {}, element("thead", {}, head), body), growing(body, answers, row)];
}

/** Fill a body some rows at a time; returns a button for more, where there are more. */
function growing(body, answers, row) {
  const button = element("button", { type: "button", click: () => more() });
  const more = () => {
    const start = body.children.length;
    body.append(...answers.slice(start, start + ROWS_AT_ONCE).map((answer, place) => row(answer, start + place)));
    const left = answers.length - body.children.length;
    button.textContent = `Show more of ${count(left, "row")}`;
    button.hidden = left === 0;
  };
  more();
  return button;
}

function tableCell(described, answer) {
  if (described.kind === "number") return numberCell(answer);
  if (answer?.probabilities === undefined) return literal(answer);
  const said = Array.isArray(answer.prediction) ? answer.prediction.join(", ") || "(none)" : answer.prediction;
  return [element("strong", {}, literal(said)), bars(answer.probabilities)];
}

function numberCell({ prediction, quantiles }) {
  const names = Object.keys(quantiles ?? {}).sort((one, other) => one - other);
  const range = names.map((name) => `${percent(Number(name), 0)}: ${short(quantiles[name])}`).join(" · ");
  return [element("strong", {}, short(prediction)), range ? element("p", { class: "hint" }, range) : null];
}

/** Return bars of the largest probabilities, and of the others when they are asked for. */
function bars(probabilities) {
  const sorted = Object.entries(probabilities).sort(([, one], [, other]) => other - one);
  const list = (some) => element("ul", { class: "bars" }, ...some.map(bar));
  if (sorted.length <= MOST_BARS + 1) return list(sorted);
  const rest = sorted.slice(MOST_BARS);
  return [list(sorted.slice(0, MOST_BARS)), element("details", {}, element("summary", {}, `${rest.length} more`), list(rest))];
}

function bar([name, share]) {
  const filled = element("span", { class: "filled", "aria-hidden": "true" });
  filled.style.setProperty("--share", share);
  return element("li", {}, element("span", { class: "name" }, name), filled, element("span", { class: "share" }, percent(share)));
}

// Pictures with captions, and pictures that were made.

function captionView(answers, { files = [] }) {
  return [element("div", { class: "cards" }, ...answers.map(({ caption, beams, picture: name }, place) =>
    element("figure", {},
      files[place] ? picture(files[place]) : null,
      element("figcaption", {}, caption, name ? element("small", {}, name) : null,
        beams?.length > 1 ? element("ol", {}, ...beams.map((beam) => element("li", {}, beam.caption))) : null))))];
}

function pictureView(answers) {
  const image = (png, alt) => element("img", { src: `data:image/png;base64,${png}`, alt });
  return [element("div", { class: "grid" }, ...answers.map(({ domain, png, original }, place) =>
    element("figure", {},
      original ? image(original, `Picture ${place + 1} as it was given`) : null,
      image(png, `Picture ${place + 1}${original ? " again" : ""}`),
      domain == null ? null : element("figcaption", {}, domain))))];
}

function picture(file) {
  const image = element("img", { alt: file.name, load: () => URL.revokeObjectURL(image.src) });
  image.src = URL.createObjectURL(file);
  return image;
}

// Sequences: coloured text, or a label for each step.

function sequenceView(answers, { variant, input }) {
  return answers.flatMap((answer) => {
    if (answer.spans) return [legend(variant.classes), colouredText(answer, variant.classes, input)];
    if (answer.labels) return [steps(answer, variant.classes, input)];
    return [element("p", {}, element("strong", {}, literal(answer.label))), bars(answer.probabilities ?? { [answer.label]: answer.confidence })];
  });
}

function colouredText({ spans, confidences }, classes, input) {
  const characters = Array.from(input); // places count characters as Python does, not JavaScript's halves of them
  const parts = spans.map(({ start, stop, label }) => {
    const least = confidences ? Math.min(...confidences.slice(start, stop)) : null;
    const title = least == null ? label : `${label}, ${percent(least, 0)} or more`;
    return coloured(element("span", { title }, characters.slice(start, stop).join("")), classes.indexOf(label));
  });
  return element("pre", { class: "code", tabindex: "0" }, ...parts);
}

const legend = (classes) =>
  element("ul", { class: "legend" }, ...classes.map((name, place) => coloured(element("li", {}, name), place)));

function steps({ labels, confidences }, classes, input) {
  const shown = (place) => (typeof input[place] === "string" ? input[place] : `${place + 1}`);
  return element("ol", { class: "steps" }, ...labels.map((label, place) =>
    coloured(element("li", { title: confidences ? percent(confidences[place]) : null },
      element("span", {}, shown(place)), element("strong", {}, literal(label))), classes.indexOf(label))));
}

function coloured(made, place) {
  made.classList.add("coloured");
  made.style.setProperty("--hue", Math.round((place * 137.5 + 210) % 360)); // far apart for neighbours
  return made;
}

// Whatever else a model says.

function otherView(answers) {
  return [element("pre", { tabindex: "0" }, JSON.stringify(answers, null, 1))];
}

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const short = (number) => (typeof number === "number" ? Number(number.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 }) : literal(number));
const literal = (value) => (typeof value === "string" ? value : JSON.stringify(value));
