"use strict";
// The engine of the page: the service that it comes from. The token, where one is needed, stands behind # in the
// address of the page.
const engine = (() => {
const headers = location.hash.length > 1 ? { authorization: `Bearer ${location.hash.slice(1)}` } : {};

async function parsed(response) {
  const answer = await response.json().catch(() => ({ error: `the service answered ${response.status}` }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function card() { return fetch("model", { headers }).then(parsed); }

function plain(name) { return name.replace(/[^A-Za-z0-9_. -]|^[^A-Za-z0-9_]/g, "_").slice(-100); }

function recognise(file, options) {
  const query = new URLSearchParams({ name: plain(file.name), skeletons: "true" });
  for (const [name, value] of Object.entries(options))
    if (value && (name !== "stride" || options.window)) query.set(name, value);
  return fetch(`predict?${query}`, { method: "POST", body: file, headers }).then(parsed);
}

return { card, recognise };
})();
