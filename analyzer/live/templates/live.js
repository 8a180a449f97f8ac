"use strict";
// Fills the page from snapshot.json every second. What was captured only ever becomes text.
const PERIOD = 1000;

function own(root, selector) {
  // The elements below `root` that match, but for those inside a list of rows below it.
  const found = [...root.querySelectorAll(selector)];
  if (root.matches && root.matches(selector)) found.unshift(root);
  return found.filter((each) => {
    const list = each.parentElement && each.parentElement.closest("[data-each]");
    return each === root || !list || !root.contains(list) || list === root;
  });
}

function text(element, value) {
  const told = value === undefined || value === null ? "" : String(value);
  if (element.textContent !== told) element.textContent = told;
}

function attribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

function fill(root, data) {
  for (const element of own(root, "[data-t]")) text(element, data[element.dataset.t]);
  for (const element of own(root, "[data-k]")) {
    attribute(element, "data-kind", data[element.dataset.k]);
  }
  for (const element of own(root, "[data-n]")) {
    for (const pair of element.dataset.n.split(" ")) {
      const [name, path] = pair.split(":");
      attribute(element, name, Number(data[path]) || 0);
    }
  }
  for (const list of own(root, "[data-each]")) rows(list, data[list.dataset.each] || []);
}

function rows(list, given) {
  const empty = list.querySelector(":scope > template");
  const shown = () => [...list.children].filter((each) => each !== empty);
  for (const surplus of shown().slice(given.length)) surplus.remove();
  while (shown().length < given.length) list.append(document.importNode(empty.content, true));
  shown().forEach((row, at) => fill(row, given[at]));
}

function show(view) {
  fill(document.querySelector("header.top"), view);
  rows(document.querySelector("main > [data-each]"), view.sessions);
  document.querySelector("#step input").value = view.next;
  document.querySelector("#next").disabled = !view.next;
}

async function poll() {
  try {
    const answer = await fetch("snapshot.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
    document.querySelector("#lost").hidden = true;
  } catch {
    document.querySelector("#lost").hidden = false;
  }
}

async function again() {
  if (!document.hidden) await poll();
  setTimeout(again, PERIOD);
}

document.querySelector("#step").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = document.querySelector("#next");
  const body = new URLSearchParams(new FormData(event.target));
  button.disabled = true;
  try {
    const answer = await fetch("step", { method: "POST", body });
    if (!answer.ok) throw new Error(answer.statusText);
  } catch {
    document.querySelector("#lost").hidden = false;
  }
  await poll();
});

setTimeout(again, PERIOD);
