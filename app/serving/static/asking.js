// Requests to the server, with the token where it wants one.

const TOKEN = "nested-lightning-token";

/** What the server refused, as RFC 9457 has it. */
export class Problem extends Error {
  constructor({ status, title, detail, errors }) {
    super(detail || title || `status ${status}`);
    this.status = status;
    this.errors = errors ?? [];
  }
}

export const rememberToken = (token) => sessionStorage.setItem(TOKEN, token);

/** Return the JSON that the server answers; throws a `Problem` where it refuses or isn't there. */
export async function ask(path, { method = "GET", body, headers = {} } = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const authorization = token ? { Authorization: `Bearer ${token}` } : {};
  const request = { method, body, headers: { Accept: "application/json", ...authorization, ...headers } };
  let response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (error instanceof TypeError) throw new Problem({ detail: "The server can't be reached." });
    throw error;
  }
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Problem({ status: response.status, title: response.statusText || "The answer is no JSON." });
  }
  if (!response.ok) throw new Problem({ status: response.status, ...answer });
  return answer;
}

export const askJson = (path, value) =>
  ask(path, { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } });

/** Ask with a form of files and texts. */
export function askForm(path, parts) {
  const form = new FormData();
  for (const [name, values] of Object.entries(parts))
    for (const value of [values].flat()) form.append(name, value);
  return ask(path, { method: "POST", body: form });
}
