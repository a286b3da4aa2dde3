"""The one script of the page: it filters and sorts the table. Without it the page shows all that it says.

It writes names by `textContent` alone, and makes no markup, no request and no style.
"""

SCRIPT = """\
"use strict";
const $ = id => document.getElementById(id);
const body = $("rows"), blank = $("row").content.firstElementChild;
const form = $("filter"), words = $("words"), shown = $("shown"), more = $("more");
const heads = [...document.querySelectorAll("th[data-key]")];
const FIRST = 100, STEP = 400;
let rows, texts, data, found, drawn = body.rows.length, key = "order", isUp = true;

// The data are read when they are first needed: a large page opens as fast as a small one.
const load = () => {
  if (data) return;
  data = JSON.parse($("data").textContent);
  rows = data.rows.map(([status, name, metric, change, ...cells], order) => ({
    order, change, cells, status: data.statuses[status], names: data.names[name],
    name: data.names[name].join(" "), metric: data.metrics[metric],
  }));
  texts = rows.map(r => [r.name, r.metric, r.status[2]].join(" ").toLowerCase());
  found = rows;
};

const draw = row => {
  const tr = blank.cloneNode(true), [status, name, metric, ...cells] = tr.children;
  const [symbol, token, label] = row.status, link = name.firstChild;
  tr.className = token;
  status.firstChild.textContent = symbol;
  status.lastChild.textContent = label;
  link.firstChild.textContent = row.names[0];
  if (row.order < data.cards) link.href = "#v" + row.order;
  name.lastChild.textContent = row.names[1] ?? "";
  metric.textContent = row.metric;
  for (let i = 0; i < 4; i++) cells[i].textContent = row.cells[i];
  const [line, dot] = cells[4].querySelectorAll("path");
  line.setAttribute("d", row.cells[4]);
  if (row.cells[5]) dot.setAttribute("d", `M${row.cells[5]} 10h0`);
  return tr;
};

const say = number => number.toLocaleString("en");
const show = to => {
  body.append(...found.slice(drawn, to).map(draw));
  drawn = Math.min(to, found.length);
  shown.textContent = say(found.length) + " of " + say(rows.length);
  if (!more) return;
  const rest = found.length - drawn;
  more.hidden = !rest;
  more.textContent = "Show " + say(Math.min(STEP, rest)) + " more";
};

// What has no number stands last, whichever way the others are sorted.
const compare = (a, b) => {
  const x = a[key], y = b[key];
  if (x === y) return a.order - b.order;
  if (x === null || y === null) return x === null ? 1 : -1;
  return x < y === isUp ? -1 : 1;
};

const update = () => {
  load();
  const part = form.elements.part.value, wanted = words.value.toLowerCase().split(/\\s+/);
  const fits = r => (part === "all" || r.status[3] === part) && wanted.every(w => texts[r.order].includes(w));
  found = rows.filter(fits).sort(compare);
  body.replaceChildren();
  drawn = 0;
  show(FIRST);
};

for (const head of heads) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  button.onclick = () => {
    const order = head.getAttribute("aria-sort"), own = head.dataset.key;
    // Changes are sorted from the worst on, names from the first letter on.
    isUp = order === "none" ? own !== "change" : order === "descending";
    key = own;
    for (const other of heads) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
    update();
  };
  head.replaceChildren(button);
}
form.onsubmit = event => event.preventDefault();
form.oninput = update;
form.hidden = false;
if (more) {
  more.onclick = () => { load(); show(drawn + STEP); };
  more.hidden = false;
}
"""
