"use strict";
// Sorts, filters and opens what the page holds without it. Keyboard and screen reader come with the
// elements used: form controls, buttons in the heads of columns, details, and a status line.
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const bodies = [...document.querySelectorAll("table.rows > tbody")];
  const told = document.getElementById("told");
  const selects = [...form.querySelectorAll("select")];

  const filter = () => {
    const wanted = selects.filter((each) => each.value);
    let shown = 0;
    for (const body of bodies) {
      const has = body.dataset.f.split(" ");
      body.hidden = wanted.some((each) => has[selects.indexOf(each)] !== each.value);
      if (!body.hidden) shown += 1;
    }
    if (wanted.length) {
      for (const group of document.querySelectorAll("details.same-rows")) {
        group.open = Boolean(group.querySelector("tbody:not([hidden])"));
      }
    }
    told.textContent = form.dataset.told
      .replace("{shown}", String(shown))
      .replace("{all}", String(bodies.length));
  };

  const keyOf = (body, column, kind) =>
    kind === "text"
      ? body.rows[0].cells[column].textContent
      : Number(body.dataset.n.split(" ")[Number(kind)]);

  const sort = (table, head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = [...table.tBodies].map((body) => [keyOf(body, column, head.dataset.sort), body]);
    keyed.sort(([one], [other]) => {
      const order = typeof one === "string" ? one.localeCompare(other) : one - other;
      return down ? -order : order;
    });
    table.append(...keyed.map(([, body]) => body));
    told.textContent = form.dataset.sorted.replace("{column}", head.textContent);
  };

  for (const table of document.querySelectorAll("table.rows")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, head, column));
    });
  }

  const open = (state) => {
    for (const body of bodies) {
      if (!body.hidden || !state) body.querySelector("details").open = state;
    }
  };
  document.getElementById("open-all").addEventListener("click", () => open(true));
  document.getElementById("close-all").addEventListener("click", () => open(false));
  form.addEventListener("change", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());

  // A link to a row opens its evidence; one into a closed table opens the table first.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target.parentElement; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
    if (target.matches("table.rows > tbody")) {
      target.hidden = false;
      target.querySelector("details").open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  form.hidden = false;
  filter();
  if (location.hash) reveal();
})();
